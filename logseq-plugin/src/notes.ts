/** Logseq's pages beside tangle's: save, find, wait, take up. */

import type { Client } from "./client";
import { RequestFailed } from "./client";
import { writeResults } from "./database";
import type { Host } from "./host";
import { flattened, PageMap, type TreeBlock } from "./page_blocks";
import type { ChunkRun, PageBlock } from "./protocol";
import { sleep } from "./timing";

/** A message for the person: what is wrong, and the way out. */
export class Sorry extends Error {}

/** Where a block is in the file. */
export interface Found {
  map: PageMap;
  uuid: string;
  block: PageBlock;
}

export interface Patience {
  /** How long Logseq may take to save a page. */
  saved: number;
  /** How long Logseq may take to read a page again. */
  taken: number;
  step: number;
}

export const PATIENCE: Patience = { saved: 8_000, taken: 10_000, step: 150 };

export class Notes {
  constructor(
    private readonly host: Host,
    private readonly client: () => Client,
    private readonly patience: Patience = PATIENCE,
  ) {}

  /** Whether the graph is a database. */
  async isDatabase(): Promise<boolean> {
    try {
      return Boolean(await this.host.App.checkCurrentIsDbGraph());
    } catch {
      return false; // older versions of Logseq know neither the question nor databases
    }
  }

  /** Insert the results of a run below the blocks of a page of a graph in a database. */
  insert(map: PageMap, chunks: readonly ChunkRun[]): Promise<void> {
    const here = chunks.filter((chunk) => chunk.page === map.document.page);
    return writeResults(this.host.Editor, map, here);
  }

  /** Have Logseq save what is being edited, and return that block. */
  async save(): Promise<string | undefined> {
    const { Editor } = this.host;
    const editing = await Editor.checkEditing();
    await Editor.saveFocusedCodeEditorContent();
    if (typeof editing !== "string") return undefined;
    await Editor.exitEditingMode(false);
    return editing;
  }

  /** Return a block's place once the file has it as Logseq shows it. */
  async saved(uuid: string): Promise<Found> {
    const editing = await this.save();
    return this.onceSaved(await this.titleOf(uuid), editing, (map) => {
      const block = map.inFile(uuid);
      return block && { map, uuid, block };
    });
  }

  /** Return the blocks of a page once the one being edited on it is in the file. */
  async savedPage(title: string): Promise<PageMap> {
    return this.onceSaved(title, await this.save(), (map) => map);
  }

  /** Return the title of the page of a block. */
  async titleOf(uuid: string): Promise<string> {
    const block = await this.host.Editor.getBlock(uuid);
    const page = block && (await this.host.Editor.getPage(block.page.id));
    const title = page && titleOfPage(page);
    if (!title) throw new Sorry("Logseq does not say on which page this block is. Try again.");
    return title;
  }

  /** Return the title of the page that is shown; of its page where a block is shown. */
  async currentTitle(): Promise<string> {
    const shown = await this.host.Editor.getCurrentPage();
    if (shown === null) throw new Sorry("Open a page first: this view shows several, or none.");
    if ("page" in shown && shown.page) return this.titleOf(shown.uuid);
    return titleOfPage(shown) ?? "";
  }

  /** Show the block of a line of a page, or the page where Logseq has no such block. */
  async jump(path: string, line: number): Promise<void> {
    const document = await this.client().page("path", path);
    const uuid = new PageMap(await this.tree(document.title), document).atLine(line);
    if (uuid === undefined) this.host.App.pushState("page", { name: document.title });
    else this.host.Editor.scrollToBlockInPage(document.title, uuid);
  }

  /** Wait until Logseq has read a page that tangle wrote; whether it has. */
  async takenUp(path: string): Promise<boolean> {
    const until = Date.now() + this.patience.taken;
    for (;;) {
      const document = await this.client().page("path", path);
      const tree = await this.tree(document.title);
      if (new PageMap(tree, document).complete) return true;
      if (Date.now() > until) return false;
      await sleep(this.patience.step);
    }
  }

  /** Return what is found in a page's file once it has the block that was being edited. */
  private async onceSaved<Wanted>(
    title: string,
    editing: string | undefined,
    find: (map: PageMap) => Wanted | undefined,
  ): Promise<Wanted> {
    const until = Date.now() + this.patience.saved;
    for (;;) {
      const map = await this.map(title);
      const found = find(map);
      const hasEdited = editing === undefined || !map.has(editing) || map.inFile(editing);
      if (found !== undefined && hasEdited) return found;
      if (Date.now() > until) {
        throw new Sorry(
          `Logseq has not saved this block of “${title}” to ${map.document.page}. ` +
            "Save the page (Ctrl+S) and try again; if it stays so, choose “Refresh” in the menu of graphs.",
        );
      }
      await sleep(this.patience.step);
    }
  }

  private async map(title: string): Promise<PageMap> {
    const tree = await this.tree(title);
    try {
      const document = await this.client().page("title", title);
      return new PageMap(tree, document, await this.isDatabase());
    } catch (error) {
      if (!(error instanceof RequestFailed) || error.status !== 404) throw error;
      throw new Sorry(
        `tangle knows no page “${title}”. Is the server for this graph? Pages in Org mode, and those ` +
          "that tangle.toml leaves out, take no part.",
      );
    }
  }

  private async tree(title: string): Promise<TreeBlock[]> {
    const tree = await this.host.Editor.getPageBlocksTree(title);
    return flattened((tree ?? []) as TreeBlock[]);
  }
}

function titleOfPage(page: {
  originalName?: unknown;
  title?: unknown;
  name?: unknown;
}): string | null {
  const found = [page.originalName, page.title, page.name].find(
    (one) => typeof one === "string" && one !== "",
  );
  return (found as string | undefined) ?? null;
}
