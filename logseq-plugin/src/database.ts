/**
 * Results as blocks of a graph in a database, where there is no file for tangle to write to.
 *
 * The uuid of a result comes from its block's, so the next run finds it and replaces its text.
 */

import type { Host } from "./host";
import type { PageMap } from "./page_blocks";
import type { ChunkRun, Output } from "./protocol";

/** Return the uuid of the nth result of a block: the block's, its end moved on. */
export function resultUuid(block: string, index: number): string {
  const [head, end] = [block.slice(0, -12), block.slice(-12)];
  // An odd step, so that blocks made one after the other do not meet; version 8 is free for use.
  const moved = (BigInt(`0x${end}`) + BigInt(index + 1) * 0x9e3779b97f4bn) & 0xffffffffffffn;
  return `${head.slice(0, 14)}8${head.slice(15)}${moved.toString(16).padStart(12, "0")}`;
}

/** Return what a block shows of a chunk's run: one text for each output, and one for a failure. */
export function resultTexts({ outputs, error }: ChunkRun): string[] {
  const shown = outputs.map((output) => fenced(outputText(output)));
  if (error !== null) shown.push(fenced(error.traceback || `${error.name}: ${error.message}`));
  return shown;
}

/** Return an output as text; of a picture, its type. */
export function outputText({ text, data = {} }: Output): string {
  if (text !== undefined) return text;
  const plain = data["text/plain"];
  return typeof plain === "string" ? `${plain}\n` : `[${Object.keys(data).join(", ")}]\n`;
}

function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${text.replace(/\n+$/, "")}\n${fence}`;
}

const KEPT = new Set(["skipped", "interrupted"]);

/** Write the results of a page's chunks below their blocks. Those that did not run keep theirs. */
export async function writeResults(
  editor: Host["Editor"],
  map: PageMap,
  chunks: readonly ChunkRun[],
): Promise<void> {
  const byBlock = new Map<string, string[]>();
  for (const chunk of chunks) {
    const block = map.atLine(chunk.line);
    if (block === undefined || KEPT.has(chunk.outcome)) continue;
    byBlock.set(block, [...(byBlock.get(block) ?? []), ...resultTexts(chunk)]);
  }
  for (const [block, texts] of byBlock) await replace(editor, map, block, texts);
}

async function replace(
  editor: Host["Editor"],
  map: PageMap,
  block: string,
  texts: readonly string[],
): Promise<void> {
  const uuids: string[] = [];
  while (map.has(resultUuid(block, uuids.length))) uuids.push(resultUuid(block, uuids.length));
  const there = Math.min(uuids.length, texts.length);
  for (let index = 0; index < there; index += 1) {
    await editor.updateBlock(uuids[index] as string, texts[index] as string);
  }
  for (const surplus of uuids.slice(there)) await editor.removeBlock(surplus);
  const batch = texts.slice(there).map((content, index) => ({
    content,
    properties: { id: resultUuid(block, there + index) },
  }));
  if (batch.length === 0) return;
  const last = uuids[there - 1];
  await editor.insertBatchBlock(last ?? block, batch, {
    sibling: last !== undefined,
    keepUUID: true,
  });
}
