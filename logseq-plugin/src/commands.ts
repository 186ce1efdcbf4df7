/** What the menus do. */

import { type Client, messageOf, RequestFailed, type RunOptions } from "./client";
import { type Host, say } from "./host";
import { type Found, type Notes, Sorry } from "./notes";
import type { PageMap } from "./page_blocks";
import type { ChunkError, JobEnd, Problem } from "./protocol";
import { buttonAt } from "./run_button";
import type { Session } from "./session";
import { startCommand } from "./settings";

/** What commands show beside messages. */
export interface Shown {
  problems: (title: string, problems: readonly Problem[]) => void;
  script: (section: string, script: string) => void;
  failure: () => void;
}

export class Commands {
  /** The line of a block is right only until outputs are written, so runs wait for one another. */
  private queue: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly host: Host,
    private readonly notes: Notes,
    private readonly session: Session,
    private readonly shown: Shown,
    private readonly mayWriteToDatabases: () => boolean,
  ) {}

  runBlock(uuid: string, options: RunOptions): Promise<void> {
    return this.queued(uuid, options, ({ map, block }) => {
      const address = map.address(block);
      if (address === undefined) {
        throw new Sorry(
          "This block has no Python code that runs. “Run section” runs the code around it.",
        );
      }
      return address;
    });
  }

  runSection(uuid: string): Promise<void> {
    return this.queued(uuid, { fresh: false }, sectionOf);
  }

  /** Run the code of a block; of a block without code, the section around it. */
  runHere(uuid: string): Promise<void> {
    return this.queued(uuid, { fresh: false }, (found) => {
      return found.map.address(found.block) ?? sectionOf(found);
    });
  }

  /** Insert a run button where the cursor is. */
  insertRunButton(): Promise<void> {
    return this.guarded(async () => {
      const { Editor } = this.host;
      const text = (await Editor.getEditingBlockContent()) ?? "";
      const cursor = await Editor.getEditingCursorPosition();
      const inserted = buttonAt(text, cursor?.pos ?? text.length);
      if (inserted === undefined) {
        throw new Sorry("The cursor is within code. Place it before or after the code.");
      }
      await Editor.insertAtEditingCursor(inserted);
    });
  }

  runPage(title: string): Promise<void> {
    return this.inTurn(async () => {
      const map = await this.notes.savedPage(title);
      await this.run(map.document.page, { fresh: false }, map);
    });
  }

  checkPage(title: string): Promise<void> {
    return this.guarded(async () => {
      const { problems } = (await this.notes.savedPage(title)).document;
      this.shown.problems(title, problems);
      const count = problems.length === 1 ? "one problem" : `${problems.length} problems`;
      await say(
        this.host,
        problems.length === 0 ? `“${title}” has no problems.` : `“${title}” has ${count}.`,
        problems.length === 0 ? "success" : "warning",
      );
    });
  }

  showScript(uuid: string): Promise<void> {
    return this.guarded(async () => {
      const section = sectionOf(await this.notes.saved(uuid));
      this.shown.script(section, (await this.client.script(section)).script);
    });
  }

  checkBlock(uuid: string): Promise<void> {
    return this.guarded(async () => this.checkPage(await this.notes.titleOf(uuid)));
  }

  runPageOf(uuid: string): Promise<void> {
    return this.guarded(async () => this.runPage(await this.notes.titleOf(uuid)));
  }

  /** Act on the block that is edited or selected. */
  onCurrentBlock(action: (uuid: string) => Promise<void>): Promise<void> {
    return this.guarded(async () => {
      const block = await this.host.Editor.getCurrentBlock();
      if (block === null) throw new Sorry("Place the cursor in a block first, or select one.");
      await action(block.uuid);
    });
  }

  /** Act on the page that is shown. */
  onCurrentPage(action: (title: string) => Promise<void>): Promise<void> {
    return this.guarded(async () => action(await this.notes.currentTitle()));
  }

  jump(path: string, line: number): Promise<void> {
    return this.guarded(() => this.notes.jump(path, line));
  }

  stop(job: string): Promise<void> {
    return this.guarded(async () => void (await this.client.stop(job)));
  }

  /** See that Logseq reads what tangle wrote; it watches its files, and says nothing if it fails. */
  takeUp(pages: readonly string[]): Promise<void> {
    return this.guarded(async () => {
      const taken = await Promise.all(pages.map((page) => this.notes.takenUp(page)));
      const stale = pages.filter((_, index) => !taken[index]);
      if (stale.length === 0) return;
      await say(
        this.host,
        `tangle wrote ${stale.join(", ")}, but Logseq shows an earlier text. Stop editing the page, or ` +
          "choose “Refresh” in the menu of graphs.",
        "warning",
      );
    });
  }

  /** Warn where the server is for another folder than the graph that Logseq shows. */
  compareGraphs(served: string): Promise<void> {
    return this.guarded(async () => {
      const graph = await this.host.App.getCurrentGraph();
      const shown = graph?.path.split(/[\\/]/).pop();
      if (!shown || shown === served || (await this.notes.isDatabase())) return;
      await say(
        this.host,
        `The server on port ${this.client.access.port} is for the graph “${served}”, and this is “${shown}”. ` +
          `Start another one: ${startCommand(this.client.access.port, graph?.path)}`,
        "warning",
      );
    });
  }

  /** Show a message with the way out of what keeps a command from its work. */
  async explain(error: unknown): Promise<void> {
    await say(this.host, await this.explanation(error), "error", { timeout: 15_000 });
  }

  /** Return what a person should do. */
  async explanation(error: unknown): Promise<string> {
    if (!(error instanceof RequestFailed)) return messageOf(error);
    const graph = await this.host.App.getCurrentGraph();
    const folder = (await this.notes.isDatabase()) ? "/mirror/markdown" : "";
    const command = startCommand(
      this.client.access.port,
      graph === null ? undefined : graph.path + folder,
    );
    switch (error.kind) {
      case "offline":
        return `No tangle server answers on port ${this.client.access.port}. Start it in a terminal: ${command}`;
      case "unauthorized":
        return (
          "The server does not accept the token. Paste the one that it printed when it started, in " +
          `tangle's panel or settings. To start it again: ${command}`
        );
      case "refused":
        return error.message;
    }
  }

  private get client(): Client {
    return this.session.server;
  }

  private queued(uuid: string, options: RunOptions, what: (found: Found) => string): Promise<void> {
    return this.inTurn(async () => {
      const found = await this.notes.saved(uuid);
      await this.run(what(found), options, found.map);
    });
  }

  private async run(what: string, options: RunOptions, map: PageMap): Promise<void> {
    const database = await this.notes.isDatabase();
    const end = await this.session.run(what, { ...options, write: !database });
    if (database && end.error === null) {
      const { report } = await this.client.job(end.job);
      // The lines are those of before the run, as the blocks of this map are.
      await this.notes.insert(map, report?.sections.flatMap((one) => one.chunks ?? []) ?? []);
    }
    this.report(end);
  }

  private inTurn(action: () => Promise<void>): Promise<void> {
    // This one would wait without a word for a run whose server is gone.
    if (this.session.isStuck) return this.explain(this.session.failure);
    const turn = this.queue.then(() =>
      this.guarded(async () => {
        await this.checkMayRun();
        await action();
      }),
    );
    this.queue = turn;
    return turn;
  }

  /** Refuse to run code of a database unless a person has allowed results to be inserted there. */
  private async checkMayRun(): Promise<void> {
    if (this.mayWriteToDatabases() || !(await this.notes.isDatabase())) return;
    throw new Sorry(
      "This graph is a database, into which tangle does not write. The plugin can insert results: " +
        "that is experimental, and to be turned on in its settings.",
    );
  }

  private async guarded(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      await this.explain(error);
    }
  }

  private report(end: JobEnd): void {
    const failed = end.exitCode !== 0;
    if (failed) this.shown.failure();
    void say(this.host, endText(end), failed ? "error" : "success");
  }
}

function sectionOf({ map, uuid }: Found): string {
  const section = map.section(uuid);
  if (section === undefined) throw new Sorry("This page has no Python code that runs.");
  return section;
}

/** Return how a job ended, in a line for each section. */
export function endText(end: JobEnd): string {
  if (end.error !== null) return end.error;
  if (end.state === "stopped") return "Stopped.";
  const lines = end.sections.map((one) => {
    const name = one.title === one.number ? one.number : `${one.number} ${one.title}`;
    const reason = one.reason === null ? "" : `: ${one.reason}`;
    return `${name}: ${one.outcome}, ${one.seconds.toFixed(1)} s${reason}`;
  });
  if (end.failure !== null) lines.push(failureText(end.failure));
  return lines.join("\n") || "Nothing ran.";
}

function failureText({ name, message, path, line, hint }: ChunkError): string {
  const place = path === null ? "" : ` (${path}:${line})`;
  return `${name}: ${message}${place}${hint === null ? "" : `\n${hint}`}`;
}
