import { describe, expect, it } from "vitest";
import { resultTexts, resultUuid, writeResults } from "../src/database";
import { PageMap, type TreeBlock } from "../src/page_blocks";
import type { ChunkRun, PageDocument } from "../src/protocol";
import { FAILURE, fakeLogseq } from "./fakes";

const BLOCK = "6650f0aa-1111-4222-9333-ffffffffffff";
const [FIRST, SECOND, THIRD] = [0, 1, 2].map((index) => resultUuid(BLOCK, index)) as [
  string,
  string,
  string,
];
const PAGE: PageDocument = {
  title: "P",
  page: "m/P.md",
  blocks: [{ id: null, line: 3, text: "seed:: 1\n  ````python\n  x = '```'\n  ````" }],
  chunks: [{ section: "P", line: 3, runs: true }],
  problems: [],
};

function chunk(outputs: string[], facts: Partial<ChunkRun> = {}): ChunkRun {
  const shown = outputs.map((text) => ({ output_type: "stream", text }));
  return { page: "m/P.md", line: 4, outcome: "passed", outputs: shown, error: null, ...facts };
}

async function written(results: string[], runs: ChunkRun[]): Promise<unknown[]> {
  const block: TreeBlock = { uuid: BLOCK, title: "x = '```'" };
  const tree = [block, ...results.map((uuid) => ({ uuid, title: "before" }))];
  const { host, calls } = fakeLogseq({ tree });
  await writeResults(host.Editor, new PageMap(tree, PAGE, true), runs);
  return calls;
}

it("chooses uuids that are valid, differ, and are the same each time", () => {
  expect(new Set([FIRST, SECOND, THIRD, BLOCK]).size).toBe(4);
  expect(FIRST).toMatch(/^6650f0aa-1111-8222-9333-[0-9a-f]{12}$/);
  expect(resultUuid(BLOCK, 0)).toBe(FIRST);
});

it("shows outputs and failures in fences that are long enough", () => {
  const picture = { output_type: "display_data", data: { "image/png": "…" } };
  const run = chunk(["a ``` b\n"], { error: FAILURE });
  expect(resultTexts({ ...run, outputs: [...run.outputs, picture] })).toEqual([
    "````text\na ``` b\n````",
    "```text\n[image/png]\n```",
    "```text\nE: m\n```",
  ]);
});

describe("writeResults", () => {
  it("inserts below the block, with uuids chosen beforehand", async () => {
    expect(await written([], [chunk(["1\n"])])).toEqual([
      [
        "insertBatchBlock",
        BLOCK,
        [{ content: "```text\n1\n```", properties: { id: FIRST } }],
        { sibling: false, keepUUID: true },
      ],
    ]);
  });

  it("replaces in place, and inserts further ones after it", async () => {
    expect(await written([FIRST], [chunk(["1", "2"])])).toEqual([
      ["updateBlock", FIRST, "```text\n1\n```"],
      [
        "insertBatchBlock",
        FIRST,
        [{ content: "```text\n2\n```", properties: { id: SECOND } }],
        { sibling: true, keepUUID: true },
      ],
    ]);
  });

  it("removes what is left over, and leaves chunks alone that did not run", async () => {
    expect(await written([FIRST, SECOND, THIRD], [chunk(["1"])])).toEqual([
      ["updateBlock", FIRST, "```text\n1\n```"],
      ["removeBlock", SECOND],
      ["removeBlock", THIRD],
    ]);
    expect(await written([FIRST], [chunk([], { outcome: "skipped" })])).toEqual([]);
  });
});
