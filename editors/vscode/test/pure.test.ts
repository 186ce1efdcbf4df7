import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

import { addressIn } from "../src/address";
import { commandFor } from "../src/command";
import { figuresIn, figuresPage, fromLine, pathOf } from "../src/figures";
import { lineAfter } from "../src/lines";
import { lensAt, sectionsOf, type Lens } from "../src/lenses";

test("the address is read once its line is whole", () => {
  assert.equal(addressIn("reading\n3.6: the debugger listens at 127.0.0.1:45"), undefined);
  assert.deepEqual(addressIn("reading\n3.6: the debugger listens at 127.0.0.1:45678\n"), {
    host: "127.0.0.1",
    port: 45678,
  });
  assert.deepEqual(addressIn("《页》: the debugger listens at ::1:80\r\n"), { host: "::1", port: 80 });
  assert.equal(addressIn("tangle: there is no section 3.66\n"), undefined);
});

const LENSES: Lens[] = [
  { line: 0, title: "Run section 1.1", what: ["1.1"] },
  { line: 2, title: "Run", what: ["a:3"] },
  { line: 6, title: "Run", what: ["a:7"] },
  { line: 6, title: "Run above", what: ["a:3"] },
  { line: 20, title: "Run section [[页]]", what: ["[[页]]"] },
  { line: 22, title: "Run", what: ["a:23"] },
];

test("a lens belongs to the block that begins at or above the cursor", () => {
  assert.equal(lensAt(LENSES, "Run", 1), undefined);
  assert.deepEqual(lensAt(LENSES, "Run", 5)?.what, ["a:3"]);
  assert.deepEqual(lensAt(LENSES, "Run", 6)?.what, ["a:7"]);
  assert.deepEqual(lensAt(LENSES, "Run section", 6)?.what, ["1.1"]);
  assert.deepEqual(lensAt(LENSES, "Run section", 99)?.what, ["[[页]]"]);
});

test("what is above is that of the same block", () => {
  assert.equal(lensAt(LENSES, "Run above", 3), undefined);
  assert.deepEqual(lensAt(LENSES, "Run above", 9)?.what, ["a:3"]);
  assert.equal(lensAt(LENSES, "Run above", 30), undefined);
});

test("a page runs with all its sections", () => {
  assert.deepEqual(sectionsOf(LENSES), ["1.1", "[[页]]"]);
  assert.deepEqual(sectionsOf([]), []);
});

test("figures are the images among outputs, each once", () => {
  const text = [
    "- ![mine](../assets/photo.png) ![web](https://example.org/tangle/a.png)",
    "\t- ![3.1 figure 1, loss](../assets/tangle/3.1-1.svg)",
    "\t- ![again](../assets/tangle/3.1-1.svg) ![b](<../assets/tangle/两 页-1.png>)",
    "\t- ![movie](../assets/tangle/3.1-2.mp4)",
  ].join("\n");
  assert.deepEqual(figuresIn(text), [
    { title: "3.1 figure 1, loss", link: "../assets/tangle/3.1-1.svg", line: 1 },
    { title: "b", link: "../assets/tangle/两 页-1.png", line: 2 },
  ]);
});

test("the figures below the cursor come first", () => {
  const figures = [1, 5, 9].map((line) => ({ title: "", link: `${line}.svg`, line }));
  assert.deepEqual(fromLine(figures, 5).map((figure) => figure.line), [5, 9, 1]);
  assert.deepEqual(fromLine(figures, 20).map((figure) => figure.line), [1, 5, 9]);
});

test("nothing in a title runs in the page of figures", () => {
  const page = figuresPage([{ title: '"><script>x</script>', address: 'a"b' }], "source:");
  assert.ok(!page.includes("<script>"));
  assert.ok(page.includes('src="a&quot;b"'));
  assert.ok(page.includes("default-src 'none'; img-src source:"));
});

test("the command is the setting, or that of a .venv, or in the PATH", () => {
  const unix = join("/b", ".venv", "bin", "tangle");
  assert.equal(commandFor("${workspaceFolder}/t", ["/a"], "linux", () => true), "/a/t");
  assert.equal(commandFor("", ["/a", "/b"], "linux", (path) => path === unix), unix);
  assert.equal(commandFor("", ["/a"], "win32", () => true), join("/a", ".venv", "Scripts", "tangle.exe"));
  assert.equal(commandFor("", ["/a"], "linux", () => false), "tangle");
  assert.equal(commandFor("", [], "linux", () => true), "tangle");
});

test("the cursor stays on its line when outputs are written around it", () => {
  const before = ["a", "x", "b", "x"];
  assert.equal(lineAfter(before, ["a", "out", "x", "b", "out", "x", "out"], 3), 5);
  assert.equal(lineAfter(before, ["a", "out", "x", "b", "x"], 1), 2);
  assert.equal(lineAfter(before, ["a"], 3), 0);
});

test("a link that is not encoded properly is a path as it is", () => {
  assert.equal(pathOf("../assets/tangle/a%20b.png"), "../assets/tangle/a b.png");
  assert.equal(pathOf("../assets/tangle/100%.png"), "../assets/tangle/100%.png");
});
