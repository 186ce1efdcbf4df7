/**
 * Which block of Logseq's is which block of the file.
 *
 * Most blocks have no `id::` in the file, so Logseq's uuid says nothing to tangle, and lines are
 * unknown to Logseq. Both know the text. Blocks with the same text are distinguished by their order.
 */

import type { PageBlock, PageDocument } from "./protocol";

/** A block as Logseq's API gives it; `content` in graphs of files, `title` in databases. */
export interface TreeBlock {
  uuid: string;
  content?: string;
  title?: string;
  children?: (TreeBlock | [string, string])[];
}

/** Return the blocks of a tree in the order in which the page shows them. */
export function flattened(tree: readonly TreeBlock[]): TreeBlock[] {
  return tree.flatMap((block) => [
    block,
    ...flattened((block.children ?? []).filter((one): one is TreeBlock => !Array.isArray(one))),
  ]);
}

/** Return a text as both sides write it: without white space, and without Logseq's own lines. */
function comparable(text: string): string {
  return text.replace(/^[ \t]*(id|collapsed)::.*$/gm, "").replace(/\s+/g, "");
}

/** The same in databases, where code has no fence, and properties are no text. */
function comparableInDatabase(text: string): string {
  return comparable(text.replace(/^\s*(`{3,}.*|[\w.-]+:: .*)$/gm, ""));
}

function textOf(block: TreeBlock): string {
  return block.content ?? block.title ?? "";
}

/** A page's blocks, Logseq's beside the file's. */
export class PageMap {
  private readonly toFile = new Map<string, PageBlock>();
  private readonly toLogseq = new Map<PageBlock, string>();

  constructor(
    private readonly tree: readonly TreeBlock[],
    readonly document: PageDocument,
    database = false,
  ) {
    const normal = database ? comparableInDatabase : comparable;
    const uuids = new Set(tree.map((block) => block.uuid));
    const byId = new Map<string, PageBlock>();
    const byText = new Map<string, PageBlock[]>();
    for (const block of document.blocks) {
      if (block.id !== null && uuids.has(block.id)) {
        byId.set(block.id, block);
        continue;
      }
      const text = normal(block.text);
      byText.set(text, [...(byText.get(text) ?? []), block]);
    }
    for (const block of tree) {
      const text = normal(textOf(block));
      const known = byId.get(block.uuid);
      // A block that has an id must have the text as well, else Logseq has not saved it yet.
      const found = known === undefined ? byText.get(text)?.shift() : known;
      if (found === undefined || normal(found.text) !== text) continue;
      this.toFile.set(block.uuid, found);
      this.toLogseq.set(found, block.uuid);
    }
  }

  /** Whether Logseq shows a block on this page. */
  has(uuid: string): boolean {
    return this.tree.some((block) => block.uuid === uuid);
  }

  /** Return the file's block; undefined if Logseq has not saved it. */
  inFile(uuid: string): PageBlock | undefined {
    return this.toFile.get(uuid);
  }

  /** Return the uuid of the block that holds a line; undefined if Logseq has not read it. */
  atLine(line: number): string | undefined {
    const block = this.document.blocks.filter((one) => one.line <= line).pop();
    return block && this.toLogseq.get(block);
  }

  /** Whether Logseq has all blocks that the file has. */
  get complete(): boolean {
    return this.toLogseq.size === this.document.blocks.length;
  }

  /** Return what `tangle run` calls a block with code; undefined if it has none. */
  address(block: PageBlock): string | undefined {
    if (!this.document.chunks.some((chunk) => chunk.runs && chunk.line === block.line)) {
      return undefined;
    }
    return block.id === null ? `${this.document.page}:${block.line}` : `((${block.id}))`;
  }

  /**
   * Return the section of a block: that of its code, else that of the first code below it, else
   * that of the code before it, else that of the code after it.
   */
  section(uuid: string): string | undefined {
    const at = this.tree.findIndex((block) => block.uuid === uuid);
    if (at < 0) return undefined;
    const end = at + flattened([this.tree[at] as TreeBlock]).length;
    const before = this.tree.slice(0, at).reverse();
    const nearest = [...this.tree.slice(at, end), ...before, ...this.tree.slice(end)];
    for (const block of nearest) {
      const line = this.inFile(block.uuid)?.line;
      const chunk = this.document.chunks.find((one) => one.line === line);
      if (chunk !== undefined) return chunk.section;
    }
    return undefined;
  }
}
