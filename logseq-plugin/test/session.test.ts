import { expect, it, vi } from "vitest";
import { Client } from "../src/client";
import { Session } from "../src/session";
import { statusOf, statusText, toolbarTemplate } from "../src/status";
import { type Answers, FAILURE, fakeServer, FakeStream } from "./fakes";

const ACCESS = { port: 8470, token: "t" };
const RUNNING = { job: "j", state: "running", exit_code: null, error: null, report: null };
const PROBLEM = { code: "c", severity: "error", path: "p", line: 1, message: "m", hint: null };

function setUp(streams: (FakeStream | number)[], more: Answers = {}) {
  const asked: Headers[] = [];
  const answers: Answers = {
    "GET /api/state": () => ({ version: "1", graph: "g", jobs: [] }),
    "POST /api/check": () => ({ problems: [] }),
    "POST /api/run": () => ({ job: "j" }),
    ...more,
  };
  const server = fakeServer(answers);
  const fetch = (async (address: string, options: RequestInit) => {
    if (!address.endsWith("/events")) return server(address, options);
    asked.push(new Headers(options.headers));
    const next = streams[asked.length - 1] ?? 503;
    if (next instanceof FakeStream) return next.answer;
    return Response.json({ error: "refused" }, { status: next });
  }) as typeof globalThis.fetch;
  const written: string[] = [];
  const session = new Session(
    ACCESS,
    { changed: () => undefined, written: (pages) => written.push(...pages) },
    (one) => new Client(one, fetch),
  );
  session.start();
  return { session, asked, written };
}

it("follows a run from its start to its end", async () => {
  const stream = new FakeStream();
  const { session, written } = setUp([stream], { "GET /api/jobs/j": () => RUNNING });
  const end = session.run("1.1", { fresh: false });
  await vi.waitFor(() => expect(session.state.jobs.get("j")?.what).toBe("1.1"));
  stream.send("started", { job: "j", section: "1.1", page: "p.md", line: 3 });
  stream.send("output", { job: "j", outputs: [{ text: "a" }, { data: { "text/plain": "b" } }] });
  await vi.waitFor(() => expect(session.state.jobs.get("j")?.output).toBe("ab\n"));
  expect(statusText(session.state)).toBe("running 1.1, p.md:3");
  stream.send("finished", { job: "j", section: "1.1", page: "p.md", line: 3, error: FAILURE });
  stream.send("finished", { job: "j", section: "1.1", page: "p.md", line: 9, error: null });
  stream.send("written", { job: "j", pages: ["p.md"] });
  stream.send("finished", { job: "j", state: "finished", exit_code: 0, error: null, sections: [] });
  expect(await end).toMatchObject({ state: "finished", exitCode: 0, failure: FAILURE });
  expect(written).toEqual(["p.md"]);
  expect(statusOf(session.state)).toBe("connected");
  session.stop();
});

it("goes on after the last event when the stream breaks, and asks how the job ended", async () => {
  const [first, second] = [new FakeStream(), new FakeStream()];
  const sections = [{ number: "1.1", chunks: [{ error: null }, { error: FAILURE }] }];
  const done = { job: "j", state: "finished", exit_code: 1, error: null, report: { sections } };
  let over = false;
  const { session, asked } = setUp([first, second], {
    "GET /api/jobs/j": () => (over ? done : { ...done, state: "running" }),
  });
  const end = session.run("1.1", { fresh: false });
  first.send("notice", { message: "n" });
  await vi.waitFor(() => expect(session.state.notices).toEqual(["n"]));
  over = true;
  first.end();
  expect(await end).toMatchObject({ exitCode: 1, failure: FAILURE });
  expect(asked.map((headers) => headers.get("last-event-id"))).toEqual([null, "e-1"]);
  session.stop();
});

it("ends a job of which a restarted server knows nothing", async () => {
  const [first, second] = [new FakeStream(), new FakeStream()];
  let known = true;
  const { session } = setUp([first, second], {
    "GET /api/jobs/j": () => (known ? RUNNING : Response.json({ error: "no" }, { status: 404 })),
  });
  const end = session.run("1.1", { fresh: false });
  await vi.waitFor(() => expect(session.state.connection).toBe("connected"));
  await vi.waitFor(() => expect(session.state.jobs.size).toBe(1));
  known = false;
  first.end();
  expect((await end).error).toContain("restarted");
  session.stop();
});

it("asks again after events were lost", async () => {
  const stream = new FakeStream();
  let problems = [PROBLEM];
  const { session } = setUp([stream], { "POST /api/check": () => ({ problems }) });
  await vi.waitFor(() => expect(statusOf(session.state)).toBe("problems"));
  expect(toolbarTemplate(session.state)).toContain('title="tangle: one problem"');
  problems = [];
  stream.send("reset", {});
  await vi.waitFor(() => expect(statusOf(session.state)).toBe("connected"));
  session.stop();
});

it("does not try a wrong token again, but a new one at once", async () => {
  const { session, asked } = setUp([401, new FakeStream()]);
  await vi.waitFor(() => expect(session.state.connection).toBe("unauthorized"));
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(asked).toHaveLength(1);
  session.use({ ...ACCESS, token: "new" });
  await vi.waitFor(() => expect(session.state.connection).toBe("connected"));
  expect(asked.map((headers) => headers.get("authorization"))).toEqual(["Bearer t", "Bearer new"]);
  session.stop();
});

it("escapes what the toolbar shows", () => {
  const progress = { what: "", place: '<b a="1">&', chunks: 1, output: "", failure: null };
  const { session } = setUp([]);
  const state = {
    ...session.state,
    connection: "connected" as const,
    jobs: new Map([["j", progress]]),
  };
  expect(toolbarTemplate(state)).toContain(
    'title="tangle: running &lt;b a=&quot;1&quot;&gt;&amp;"',
  );
  session.stop();
});
