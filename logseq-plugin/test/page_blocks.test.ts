import { describe, expect, it } from "vitest";
import { flattened, PageMap, type TreeBlock } from "../src/page_blocks";
import type { PageBlock, PageDocument } from "../src/protocol";

function page(
  blocks: [string, string | null, ...string[]][],
  chunks: [number, string][],
): PageDocument {
  const made: PageBlock[] = blocks.map(([text, id], index) => ({ id, text, line: index * 10 + 1 }));
  return {
    title: "P",
    page: "pages/P.md",
    blocks: made,
    chunks: chunks.map(([index, section]) => ({
      section,
      line: (made[index] as PageBlock).line,
      runs: true,
    })),
    problems: [],
  };
}

const block = (uuid: string, content: string, ...children: TreeBlock[]): TreeBlock => ({
  uuid,
  content,
  children,
});

describe("PageMap", () => {
  it("finds a block by its text, whatever the indentation and Logseq's own properties", () => {
    const document = page(
      [["```python\n\t  x = 1\n\t  ```\n\t  collapsed:: true", null]],
      [[0, "P"]],
    );
    const map = new PageMap([block("a", "```python\nx = 1\n```")], document);
    expect(map.inFile("a")?.line).toBe(1);
    expect(map.complete).toBe(true);
  });

  it("distinguishes blocks with the same text by their order", () => {
    const document = page(
      [
        ["same", null],
        ["other", null],
        ["same", null],
      ],
      [],
    );
    const map = new PageMap(
      [block("a", "same"), block("b", "other"), block("c", "same")],
      document,
    );
    expect(["a", "b", "c"].map((uuid) => map.inFile(uuid)?.line)).toEqual([1, 11, 21]);
    expect(map.atLine(25)).toBe("c");
  });

  it("prefers ids to order", () => {
    const document = page(
      [
        ["same\nid:: b", "b"],
        ["same", null],
      ],
      [],
    );
    const map = new PageMap([block("a", "same"), block("b", "same\nid:: b")], document);
    expect(map.inFile("b")?.line).toBe(1);
    expect(map.inFile("a")?.line).toBe(11);
  });

  it("does not find a block that is not saved, with an id or without", () => {
    const document = page(
      [
        ["old\nid:: a", "a"],
        ["old too", null],
      ],
      [],
    );
    const map = new PageMap([block("a", "new\nid:: a"), block("b", "new too")], document);
    expect(map.inFile("a")).toBeUndefined();
    expect(map.inFile("b")).toBeUndefined();
    expect(map.complete).toBe(false);
  });

  it("names blocks with code by id, else by line, and others not at all", () => {
    const document = page(
      [
        ["prose", null],
        ["code", null],
        ["more\nid:: i", "i"],
      ],
      [
        [1, "1.1"],
        [2, "1.1"],
      ],
    );
    const map = new PageMap([], document);
    const [prose, code, more] = document.blocks as [PageBlock, PageBlock, PageBlock];
    expect(map.address(prose)).toBeUndefined();
    expect(map.address(code)).toBe("pages/P.md:11");
    expect(map.address(more)).toBe("((i))");
  });

  it("takes the section of the code below a heading, else before it, else after it", () => {
    const tree = flattened([
      block("intro", "intro"),
      block("h1", "One", block("c1", "one")),
      block("h2", "Two", block("c2", "two"), block("n", "note")),
    ]);
    const document = page(
      [
        ["intro", null],
        ["One", null],
        ["one", null],
        ["Two", null],
        ["two", null],
        ["note", null],
      ],
      [
        [2, "1.1"],
        [4, "1.2"],
      ],
    );
    const map = new PageMap(tree, document);
    const found = ["intro", "h1", "h2", "n"].map((uuid) => map.section(uuid));
    expect(found).toEqual(["1.1", "1.1", "1.2", "1.2"]);
    expect(new PageMap(tree, page([["One", null]], [])).section("h1")).toBeUndefined();
  });
});
