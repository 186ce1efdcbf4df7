/** Logseq and tangle's server as objects in memory. */

import type { Host } from "../src/host";
import type { TreeBlock } from "../src/page_blocks";

export const FAILURE = {
  name: "E",
  message: "m",
  traceback: "",
  hint: null,
  path: "pages/P.md",
  line: 4,
};

export interface FakeLogseq {
  host: Host;
  /** What was called, with its arguments. */
  calls: [string, ...unknown[]][];
  messages: { content: string; status: string }[];
}

export interface Situation {
  tree: TreeBlock[];
  editing?: string;
  database?: boolean;
  graph?: string;
  /** The text of the block that is being edited, and where the cursor is in it. */
  text?: string;
  cursor?: number;
  /** Called when Logseq leaves the block that is being edited. */
  left?: () => void;
}

/** Logseq with one page, `P`. */
export function fakeLogseq(situation: Situation): FakeLogseq {
  const calls: FakeLogseq["calls"] = [];
  const messages: FakeLogseq["messages"] = [];
  const page = { id: 1, uuid: "page", name: "p", originalName: "P" };
  const called = (name: string, ...args: unknown[]): void => void calls.push([name, ...args]);
  const host = {
    Editor: {
      checkEditing: async () => situation.editing ?? false,
      exitEditingMode: async () => {
        called("exitEditingMode");
        situation.left?.();
      },
      saveFocusedCodeEditorContent: async () => called("saveFocusedCodeEditorContent"),
      getEditingBlockContent: async () => situation.text,
      getEditingCursorPosition: async () =>
        situation.cursor === undefined ? null : { pos: situation.cursor },
      insertAtEditingCursor: async (text: string) => called("insertAtEditingCursor", text),
      getCurrentBlock: async () => null,
      getCurrentPage: async () => page,
      getBlock: async (uuid: string) => ({ uuid, page: { id: 1 } }),
      getPage: async () => page,
      getPageBlocksTree: async () => situation.tree,
      insertBatchBlock: async (...args: unknown[]) => called("insertBatchBlock", ...args),
      updateBlock: async (...args: unknown[]) => called("updateBlock", ...args),
      removeBlock: async (...args: unknown[]) => called("removeBlock", ...args),
      scrollToBlockInPage: (...args: unknown[]) => called("scrollToBlockInPage", ...args),
    },
    App: {
      getCurrentGraph: async () => ({ name: "g", url: "", path: situation.graph ?? "/notes" }),
      checkCurrentIsDbGraph: async () => situation.database ?? false,
      pushState: (...args: unknown[]) => called("pushState", ...args),
    },
    UI: {
      showMsg: async (content: string, status = "info") => {
        messages.push({ content, status });
        return "key";
      },
    },
  };
  return { host: host as unknown as Host, calls, messages };
}

export type Answers = Record<string, (body: unknown) => unknown>;

/** `fetch` that answers by method and path; what is not named is refused with 404. */
export function fakeServer(answers: Answers): typeof fetch {
  return (async (address: string, options: RequestInit = {}) => {
    const { pathname } = new URL(address);
    const answer = answers[`${options.method ?? "GET"} ${pathname}`];
    if (answer === undefined) return Response.json({ error: "not there" }, { status: 404 });
    const found = await answer(
      options.body === undefined ? null : JSON.parse(String(options.body)),
    );
    return found instanceof Response ? found : Response.json(found);
  }) as typeof fetch;
}

/** The body of a stream of events that can be added to. */
export class FakeStream {
  private controller!: ReadableStreamDefaultController<Uint8Array>;
  private number = 0;
  readonly answer: Response;

  constructor() {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.controller = controller;
      },
    });
    this.answer = new Response(body);
  }

  send(kind: string, data: unknown): void {
    this.number += 1;
    const text = `id: e-${this.number}\nevent: ${kind}\ndata: ${JSON.stringify(data)}\n\n`;
    this.controller.enqueue(new TextEncoder().encode(text));
  }

  end(): void {
    this.controller.close();
  }
}
