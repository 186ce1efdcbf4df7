/** The connection to the server, and what it reports: jobs, their progress, problems. */

import {
  type Access,
  Client,
  type FailureKind,
  messageOf,
  RequestFailed,
  type RunOptions,
} from "./client";
import { outputText } from "./database";
import type { ChunkError, ChunkPlace, JobEnd, Problem, ServerEvent } from "./protocol";
import { sleep } from "./timing";

export type Connection = "connecting" | "connected" | FailureKind;

/** What a running job does. */
export interface Progress {
  what: string;
  /** Where it is; empty while it waits or prepares. */
  place: string;
  chunks: number;
  /** The end of what it printed. */
  output: string;
  /** Of the first chunk that failed. */
  failure: ChunkError | null;
}

const WAITING: Progress = { what: "", place: "", chunks: 0, output: "", failure: null };

export interface SessionState {
  connection: Connection;
  /** What the server said when it refused, or why it cannot be reached. */
  reason: string;
  graph: string;
  jobs: ReadonlyMap<string, Progress>;
  problems: readonly Problem[];
  notices: readonly string[];
}

export interface SessionHooks {
  /** The state differs from the one before. */
  changed: (state: SessionState, before: SessionState) => void;
  /** tangle has written pages, named by their paths. */
  written: (pages: readonly string[]) => void;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
const MOST_OUTPUT = 4_000;
const MOST_NOTICES = 20;
const MOST_ENDS = 50;

export class Session {
  state: SessionState = {
    connection: "connecting",
    reason: "",
    graph: "",
    jobs: new Map(),
    problems: [],
    notices: [],
  };

  private client: Client;
  private stopping = new AbortController();
  private readonly waiting = new Map<string, (end: JobEnd) => void>();
  /** The last jobs that ended, for a request whose answer comes after the job's end. */
  private readonly ends = new Map<string, JobEnd>();

  constructor(
    access: Access,
    private readonly hooks: SessionHooks,
    private readonly connect: (access: Access) => Client = (one) => new Client(one),
  ) {
    this.client = connect(access);
  }

  /** The client of the server, for requests that only read. */
  get server(): Client {
    return this.client;
  }

  /** Why there is no connection. */
  get failure(): RequestFailed {
    const { connection, reason } = this.state;
    return new RequestFailed(isLost(connection) ? connection : "offline", reason);
  }

  /** Whether a run waits for its end, of which nothing is heard. */
  get isStuck(): boolean {
    return this.waiting.size > 0 && isLost(this.state.connection);
  }

  /** Follow the server until `stop` or `use`. */
  start(): void {
    void this.follow(this.client, this.stopping.signal);
  }

  stop(): void {
    this.stopping.abort();
  }

  /** Connect again: with another port or token, or because a person asks for it. */
  use(access: Access): void {
    this.stop();
    this.stopping = new AbortController();
    // The same client knows its last event, and gets what it missed.
    const { port, token } = this.client.access;
    if (port !== access.port || token !== access.token) this.client = this.connect(access);
    this.set({ connection: "connecting", reason: "" });
    this.start();
  }

  /** Run something and wait for its end. */
  async run(what: string, options: RunOptions): Promise<JobEnd> {
    const { job } = await this.client.run(what, options);
    const early = this.ends.get(job);
    if (early !== undefined) return early;
    if (!this.state.jobs.has(job)) this.progress(job, { what });
    return new Promise((resolve) => this.waiting.set(job, resolve));
  }

  private async follow(client: Client, signal: AbortSignal): Promise<void> {
    let pause = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      try {
        const opened = (): void => {
          pause = FIRST_PAUSE_MS;
          void this.refresh(client, signal);
        };
        for await (const event of client.events(signal, opened)) this.take(event);
        this.lose(signal, new RequestFailed("offline", "the server has ended"));
      } catch (error) {
        this.lose(signal, error);
      }
      // A token that is wrong stays wrong, and the server counts attempts.
      if (this.state.connection === "unauthorized") return;
      await sleep(pause, signal);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }
  }

  private lose(signal: AbortSignal, error: unknown): void {
    if (signal.aborted) return;
    const connection = error instanceof RequestFailed ? error.kind : "offline";
    this.set({ connection, reason: messageOf(error) });
  }

  /** Ask for what no event says: the problems, and how jobs ended in the meantime. */
  private async refresh(client: Client, signal: AbortSignal): Promise<void> {
    this.set({ connection: "connected", reason: "" });
    try {
      const [state, check] = await Promise.all([client.state(), client.check()]);
      if (signal.aborted) return;
      this.set({ graph: state.graph, problems: check.problems });
      for (const open of state.jobs) this.progress(open.job, { what: open.what.join(" ") });
      const known = new Set([...this.waiting.keys(), ...this.state.jobs.keys()]);
      for (const job of known) await this.settle(client, job);
    } catch (error) {
      if (!signal.aborted) this.notice(`the state of the server is unknown: ${messageOf(error)}`);
    }
  }

  /** End a job whose last event was lost. */
  private async settle(client: Client, job: string): Promise<void> {
    try {
      const found = await client.job(job);
      if (found.state === "queued" || found.state === "running") return;
      const sections = found.report?.sections ?? [];
      const chunks = sections.flatMap((section) => section.chunks ?? []);
      const failure = chunks.find((chunk) => chunk.error !== null)?.error ?? null;
      const { state, error, exit_code: exitCode } = found;
      this.end({ job, state, exitCode, error, failure, sections });
    } catch (error) {
      if (!(error instanceof RequestFailed) || error.status !== 404) throw error;
      const lost = "the server was restarted while this ran";
      this.end({ job, state: "stopped", exitCode: null, error: lost, failure: null, sections: [] });
    }
  }

  private take({ kind, data }: ServerEvent): void {
    switch (kind) {
      case "started":
        if ("section" in data) this.chunkStarted(data);
        else this.progress(data.job, { what: data.what.join(" ") });
        break;
      case "output": {
        const printed = this.progressOf(data.job).output + data.outputs.map(outputText).join("");
        this.progress(data.job, { output: printed.slice(-MOST_OUTPUT) });
        break;
      }
      case "finished":
        if ("section" in data) {
          this.progress(data.job, { failure: this.progressOf(data.job).failure ?? data.error });
        } else {
          const { job, state, error, exit_code: exitCode, sections } = data;
          const { failure } = this.progressOf(job);
          this.end({ job, state, exitCode, error, failure, sections });
        }
        break;
      case "written":
        this.hooks.written(data.pages);
        break;
      case "problems":
        this.set({ problems: data.problems });
        break;
      case "notice":
        this.notice(data.message);
        break;
      case "reset":
        void this.refresh(this.client, this.stopping.signal);
        break;
      case "changed": // the problems follow, where they differ
        break;
    }
  }

  private chunkStarted({ job, section, page, line }: ChunkPlace): void {
    const place = page === null ? section : `${section}, ${page}:${line}`;
    this.progress(job, { place, chunks: this.progressOf(job).chunks + 1 });
  }

  private progressOf(job: string): Progress {
    return this.state.jobs.get(job) ?? WAITING;
  }

  private progress(job: string, facts: Partial<Progress>): void {
    const progress = { ...this.progressOf(job), ...facts };
    this.set({ jobs: new Map(this.state.jobs).set(job, progress) });
  }

  private end(end: JobEnd): void {
    const jobs = new Map(this.state.jobs);
    jobs.delete(end.job);
    this.set({ jobs });
    this.ends.set(end.job, end);
    for (const old of [...this.ends.keys()].slice(0, -MOST_ENDS)) this.ends.delete(old);
    this.waiting.get(end.job)?.(end);
    this.waiting.delete(end.job);
  }

  private notice(message: string): void {
    this.set({ notices: [...this.state.notices, message].slice(-MOST_NOTICES) });
  }

  private set(facts: Partial<SessionState>): void {
    const before = this.state;
    this.state = { ...before, ...facts };
    this.hooks.changed(this.state, before);
  }
}

/** Whether there was, or is to be, a connection that there is not. */
export function isLost(connection: Connection): connection is FailureKind {
  return connection !== "connected" && connection !== "connecting";
}
