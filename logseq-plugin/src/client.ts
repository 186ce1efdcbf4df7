/** Requests to `tangle serve`. Nothing here knows of Logseq. */

import { readEvents } from "./event_stream";
import type { JobDocument, PageDocument, Problem, ServerEvent, StateDocument } from "./protocol";

export interface Access {
  port: number;
  token: string;
}

export interface RunOptions {
  /** Whether results of the cache are left aside. */
  fresh: boolean;
  /** Whether tangle writes outputs into the files; it does unless this is false. */
  write?: boolean;
}

/** Why a request has no answer: no server listens, the token is not valid, or the server refuses. */
export type FailureKind = "offline" | "unauthorized" | "refused";

export class RequestFailed extends Error {
  constructor(
    readonly kind: FailureKind,
    message: string,
    readonly status = 0,
  ) {
    super(message);
    this.name = "RequestFailed";
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const ANSWER_MS = 30_000;

export class Client {
  /** Id of the last event, from which the next stream goes on. */
  private last: string | undefined;

  constructor(
    readonly access: Access,
    private readonly fetch: typeof globalThis.fetch = globalThis.fetch.bind(globalThis),
  ) {}

  state(): Promise<StateDocument> {
    return this.get("state");
  }

  page(key: "title" | "path", value: string): Promise<PageDocument> {
    return this.get(`page?${new URLSearchParams({ [key]: value })}`);
  }

  script(section: string): Promise<{ script: string }> {
    return this.get(`script?${new URLSearchParams({ section })}`);
  }

  job(id: string): Promise<JobDocument> {
    return this.get(`jobs/${encodeURIComponent(id)}`);
  }

  run(what: string, { fresh, write = true }: RunOptions): Promise<{ job: string }> {
    return this.post("run", { what: [what], fresh, write });
  }

  stop(job: string): Promise<unknown> {
    return this.post("stop", { job });
  }

  check(): Promise<{ problems: Problem[] }> {
    return this.post("check", {});
  }

  /**
   * Yield events until the stream ends; the next call goes on where this one ended.
   * `opened` is called once the server has accepted the request.
   */
  async *events(signal: AbortSignal, opened: () => void): AsyncGenerator<ServerEvent> {
    const headers = this.last === undefined ? {} : { "Last-Event-ID": this.last };
    const answer = await this.send("events", { headers, signal });
    if (answer.body === null) throw new RequestFailed("offline", "the stream of events is empty");
    opened();
    for await (const event of readEvents(answer.body)) {
      if (event.kind === "reset") this.last = undefined;
      else if (event.id !== "") this.last = event.id;
      yield event;
    }
  }

  private async get<Answer>(path: string): Promise<Answer> {
    const answer = await this.send(path, { signal: AbortSignal.timeout(ANSWER_MS) });
    return (await answer.json()) as Answer;
  }

  private async post<Answer>(path: string, body: unknown): Promise<Answer> {
    const answer = await this.send(path, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "Content-Type": "application/json" },
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    return (await answer.json()) as Answer;
  }

  private async send(path: string, options: RequestInit): Promise<Response> {
    const { port, token } = this.access;
    // A header cannot hold what is not Latin-1, and `fetch` would blame the network.
    const safe = /^[\x21-\x7e]*$/.test(token) ? token : "";
    let answer: Response;
    try {
      answer = await this.fetch(`http://127.0.0.1:${port}/api/${path}`, {
        ...options,
        headers: { ...options.headers, Authorization: `Bearer ${safe}` },
        cache: "no-store",
      });
    } catch (error) {
      throw new RequestFailed("offline", String(error));
    }
    if (answer.ok) return answer;
    const kind = answer.status === 401 ? "unauthorized" : "refused";
    throw new RequestFailed(kind, await errorText(answer), answer.status);
  }
}

async function errorText(answer: Response): Promise<string> {
  try {
    return String(((await answer.json()) as { error: unknown }).error);
  } catch {
    return `the server answered ${answer.status}`; // another program's page, not JSON
  }
}
