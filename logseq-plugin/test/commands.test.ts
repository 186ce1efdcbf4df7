import { describe, expect, it, vi } from "vitest";
import { Client } from "../src/client";
import { Commands, endText } from "../src/commands";
import { say } from "../src/host";
import { Notes } from "../src/notes";
import type { PageDocument, Problem } from "../src/protocol";
import { Session } from "../src/session";
import {
  type Answers,
  FAILURE,
  fakeLogseq,
  fakeServer,
  FakeStream,
  type Situation,
} from "./fakes";

const PATIENCE = { saved: 300, taken: 300, step: 5 };
const CODE = "```python\nx = 1\n```";

function page(...texts: string[]): PageDocument {
  const blocks = texts.map((text, index) => ({ id: null, text, line: 1 + 10 * index }));
  const chunks = blocks
    .filter((block) => block.text.includes("```"))
    .map((block) => ({ section: "1.1", line: block.line, runs: true }));
  return { title: "P", page: "pages/P.md", blocks, chunks, problems: [] };
}

function ended(job: string, outcome = "passed", exit_code = 0): Record<string, unknown> {
  const section = { number: "1.1", title: "Start", outcome, reason: null, seconds: 0.25 };
  return { job, state: "finished", exit_code, error: null, sections: [section] };
}

interface Set {
  situation: Situation;
  document: () => PageDocument;
  answers?: Answers;
  databaseResults?: boolean;
}

function setUp({ situation, document, answers = {}, databaseResults = false }: Set) {
  const logseq = fakeLogseq(situation);
  const stream = new FakeStream();
  const runs: unknown[] = [];
  const seen = { failures: 0, problems: [] as readonly Problem[], script: "" };
  const fetch = fakeServer({
    "GET /api/events": () => stream.answer,
    "GET /api/state": () => ({ version: "1", graph: "g", jobs: [] }),
    "POST /api/check": () => ({ problems: [] }),
    "GET /api/page": document,
    "GET /api/script": () => ({ section: "1.1", script: "x = 1\n" }),
    "POST /api/run": (body) => {
      runs.push(body);
      const job = `j${runs.length}`;
      setTimeout(() => stream.send("finished", ended(job)), 5);
      return { job };
    },
    ...answers,
  });
  const hooks = { changed: () => undefined, written: () => undefined };
  const session = new Session({ port: 8470, token: "t" }, hooks, (one) => new Client(one, fetch));
  session.start();
  const commands = new Commands(
    logseq.host,
    new Notes(logseq.host, () => session.server, PATIENCE),
    session,
    {
      problems: (_, problems) => (seen.problems = problems),
      script: (_, script) => (seen.script = script),
      failure: () => (seen.failures += 1),
    },
    () => databaseResults,
  );
  return { ...logseq, commands, runs, seen, session, stream };
}

/** A block without code, and one with code. */
const WORDS_AND_CODE = {
  situation: {
    tree: [
      { uuid: "a", content: "words" },
      { uuid: "b", content: CODE },
    ],
  },
  document: () => page("words", CODE),
};

describe("run", () => {
  it("runs a block by its line and reports how it ended", async () => {
    const { commands, runs, messages } = setUp(WORDS_AND_CODE);
    await commands.runBlock("b", { fresh: false });
    expect(runs).toEqual([{ what: ["pages/P.md:11"], fresh: false, write: true }]);
    expect(messages).toEqual([{ content: "1.1 Start: passed, 0.3 s", status: "success" }]);
  });

  it("passes on that results of the cache are not wanted", async () => {
    const { commands, runs } = setUp({
      situation: { tree: [{ uuid: "b", content: CODE }] },
      document: () => page(CODE),
    });
    await commands.runBlock("b", { fresh: true });
    expect(runs).toEqual([{ what: ["pages/P.md:1"], fresh: true, write: true }]);
  });

  it("leaves the editor and waits until the file has what was typed", async () => {
    let text = "old";
    const { commands, runs, calls } = setUp({
      situation: {
        tree: [
          { uuid: "a", content: "new" },
          { uuid: "b", content: CODE },
        ],
        editing: "a",
        left: () => setTimeout(() => (text = "new"), 40),
      },
      document: () => page(text, CODE),
    });
    await commands.runBlock("b", { fresh: false });
    expect(text).toBe("new");
    expect(calls.map(([name]) => name)).toEqual([
      "saveFocusedCodeEditorContent",
      "exitEditingMode",
    ]);
    expect(runs).toHaveLength(1);
  });

  it("does not run what Logseq does not save", async () => {
    const { commands, runs, messages } = setUp({
      situation: { tree: [{ uuid: "b", content: CODE }] },
      document: () => page("```python\nx = 2\n```"),
    });
    await commands.runBlock("b", { fresh: false });
    expect(runs).toEqual([]);
    expect(messages[0]?.content).toContain("has not saved this block of “P” to pages/P.md");
  });

  it("finds the line of a second block after the first has run, as outputs move it", async () => {
    let texts = [CODE, "between", CODE];
    const { commands, runs } = setUp({
      situation: {
        tree: ["a", "x", "b"].map((uuid, index) => ({ uuid, content: texts[index] as string })),
      },
      document: () => page(...texts),
    });
    const first = commands.runBlock("a", { fresh: false }).then(() => {
      texts = [CODE, "tangle.output:: 1", "between", CODE];
    });
    await Promise.all([first, commands.runBlock("b", { fresh: false })]);
    expect(runs.map((run) => (run as { what: string[] }).what[0])).toEqual([
      "pages/P.md:1",
      "pages/P.md:31",
    ]);
  });

  it("runs the section of a block, and a page", async () => {
    const { commands, runs } = setUp(WORDS_AND_CODE);
    await commands.runSection("a");
    await commands.runPage("P");
    expect(runs.map((run) => (run as { what: string[] }).what[0])).toEqual(["1.1", "pages/P.md"]);
  });

  it("runs the code of the block of a button, and else the section around it", async () => {
    const { commands, runs } = setUp(WORDS_AND_CODE);
    await commands.runHere("b");
    await commands.runHere("a");
    expect(runs.map((run) => (run as { what: string[] }).what)).toEqual([
      ["pages/P.md:11"],
      ["1.1"],
    ]);
  });

  it("runs nothing in a database, and checks it", async () => {
    const { commands, runs, messages } = setUp({
      situation: { tree: [{ uuid: "b", content: CODE }], database: true },
      document: () => page(CODE),
    });
    await commands.runBlock("b", { fresh: false });
    expect(runs).toEqual([]);
    expect(messages[0]?.status).toBe("error");
    await commands.checkPage("P");
    expect(messages[1]?.content).toContain("has no problems");
  });
});

describe("a run button", () => {
  const editing = (text: string, pos: number | null) => ({
    situation: { tree: [], text, ...(pos === null ? {} : { cursor: pos }) },
    document: () => page(CODE),
  });

  it("is inserted where the cursor is, or at the end where Logseq does not say", async () => {
    for (const cursor of [0, null]) {
      const { commands, calls } = setUp(editing(CODE, cursor));
      await commands.insertRunButton();
      const macro = "{{renderer :tangle-run}}";
      const wanted = cursor === 0 ? `${macro}\n` : `\n${macro}`;
      expect(calls).toEqual([["insertAtEditingCursor", wanted]]);
    }
  });

  it("is not inserted into code", async () => {
    const { commands, calls, messages } = setUp(editing(CODE, 12));
    await commands.insertRunButton();
    expect(calls).toEqual([]);
    expect(messages[0]?.content).toContain("within code");
  });
});

describe("check and show", () => {
  it("shows the problems of the page alone", async () => {
    const problem = {
      code: "c",
      severity: "error",
      path: "pages/P.md",
      line: 1,
      message: "m",
      hint: null,
    };
    const { commands, seen, messages } = setUp({
      situation: { tree: [{ uuid: "b", content: CODE }] },
      document: () => ({ ...page(CODE), problems: [problem] }),
    });
    await commands.checkBlock("b");
    expect(seen.problems).toEqual([problem]);
    expect(messages).toEqual([{ content: "“P” has one problem.", status: "warning" }]);
  });

  it("shows the script of the section around a block", async () => {
    const { commands, seen } = setUp(WORDS_AND_CODE);
    await commands.showScript("a");
    expect(seen.script).toBe("x = 1\n");
  });

  it("jumps to the block of a line, and to the page where Logseq has another text", async () => {
    const { commands, calls } = setUp({
      situation: { tree: [{ uuid: "a", content: "words" }] },
      document: () => page("words", "unread"),
    });
    await commands.jump("pages/P.md", 5);
    await commands.jump("pages/P.md", 12);
    expect(calls).toEqual([
      ["scrollToBlockInPage", "P", "a"],
      ["pushState", "page", { name: "P" }],
    ]);
  });
});

describe("what Logseq takes up", () => {
  it("says nothing once Logseq has read the page", async () => {
    const tree = [{ uuid: "b", content: CODE }];
    const { commands, messages } = setUp({
      situation: { tree },
      document: () => page(CODE, "out"),
    });
    setTimeout(() => tree.push({ uuid: "o", content: "out" }), 30);
    await commands.takeUp(["pages/P.md"]);
    expect(messages).toEqual([]);
  });

  it("says so where it does not", async () => {
    const { commands, messages } = setUp({
      situation: { tree: [{ uuid: "b", content: CODE }] },
      document: () => page(CODE, "out"),
    });
    await commands.takeUp(["pages/P.md"]);
    expect(messages[0]?.content).toContain(
      "tangle wrote pages/P.md, but Logseq shows an earlier text",
    );
  });
});

describe("explanations", () => {
  it.each([
    [() => Promise.reject(new TypeError("Failed to fetch")), "tangle --graph /notes serve"],
    [() => Response.json({ error: "e" }, { status: 401 }), "does not accept the token"],
    [() => Response.json({ error: "50 runs wait" }, { status: 429 }), "50 runs wait"],
    [() => Response.json({ error: "no" }, { status: 404 }), "tangle knows no page “P”"],
    [() => new Response("<html>", { status: 500 }), "the server answered 500"],
  ])("says what to do (%#)", async (answer, part) => {
    const { commands, messages } = setUp({
      situation: { tree: [{ uuid: "b", content: CODE }] },
      document: () => page(CODE),
      answers: { "GET /api/page": answer },
    });
    await commands.runBlock("b", { fresh: false });
    expect(messages[0]?.status).toBe("error");
    expect(messages[0]?.content).toContain(part);
  });
});

it.each([
  ["/home/a/notes", "notes", 0],
  ["C:\\a\\notes", "notes", 0],
  ["/home/a/notes", "others", 1],
])("compares the graph %j with that of the server, %j", async (graph, served, warnings) => {
  const { commands, messages } = setUp({ situation: { tree: [], graph }, document: () => page() });
  await commands.compareGraphs(served);
  expect(messages.filter(({ status }) => status === "warning")).toHaveLength(warnings);
});

it("says in a line for each section how a run ended", () => {
  const end = { job: "j", state: "finished", exitCode: 1, error: null, failure: null };
  const one = { number: "A", title: "A", outcome: "failed", reason: null, seconds: 1 };
  const two = { number: "B", title: "B", outcome: "skipped", reason: "it needs A", seconds: 0 };
  expect(endText({ ...end, sections: [one, two] })).toBe(
    "A: failed, 1.0 s\nB: skipped, 0.0 s: it needs A",
  );
  expect(endText({ ...end, error: "no section", sections: [] })).toBe("no section");
  const failure = { ...FAILURE, hint: "install it" };
  expect(endText({ ...end, failure, sections: [one] })).toBe(
    "A: failed, 1.0 s\nE: m (pages/P.md:4)\ninstall it",
  );
  expect(endText({ ...end, failure: { ...FAILURE, path: null }, sections: [one] })).toBe(
    "A: failed, 1.0 s\nE: m",
  );
});

it("says at once that the server is gone where a run waits for it", async () => {
  const { commands, messages, runs, session, stream } = setUp({
    situation: { tree: [{ uuid: "b", content: CODE }] },
    document: () => page(CODE),
    answers: { "POST /api/run": () => ({ job: "lost" }) },
  });
  void commands.runBlock("b", { fresh: false });
  await vi.waitFor(() => expect(session.state.jobs.has("lost")).toBe(true));
  stream.end();
  await vi.waitFor(() => expect(session.state.connection).toBe("offline"));
  await commands.runBlock("b", { fresh: false });
  expect(messages.pop()?.content).toContain("No tangle server answers");
  expect(runs).toEqual([]);
  session.stop();
});

it.each(["[:img {:src 1}] ;", "\n [:b 1]", "words"])("says %j as text", async (content) => {
  const { host, messages } = fakeLogseq({ tree: [] });
  await say(host, content, "warning");
  expect(messages[0]?.status).toBe("warning");
  expect(messages[0]?.content).toContain(content);
  expect(messages[0]?.content).not.toMatch(/^\s*\[:/);
});

it("shows a refusal that begins as Hiccup does as text", async () => {
  const message = "[:img {:src 1}]";
  const { commands, messages } = setUp({
    situation: { tree: [{ uuid: "u1", content: CODE }] },
    document: () => page(CODE),
    answers: { "POST /api/run": () => Response.json({ error: message }, { status: 400 }) },
  });
  await commands.runBlock("u1", { fresh: false });
  expect(messages[0]).toEqual({ content: `tangle: ${message}`, status: "error" });
});
