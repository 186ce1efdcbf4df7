// Reads pages as Logseq does with mldoc, and prints their outlines as JSON.
//
// Called as `node mldoc_outline.js FOLDER`, FOLDER being where mldoc was installed.
// Standard input: a JSON list of pages. Standard output: a JSON list of outlines, one a page.
//
// Logseq reads a page twice: the file gives the blocks, and each block, its indentation removed,
// gives what is shown (logseq-spec.md 2). mldoc keeps state from one call to the next, so every
// call gets a module of its own.

const fs = require("fs");
const path = require("path");
const vm = require("vm");
const { createRequire } = require("module");

const main = path.join(process.argv[2], "node_modules", "mldoc", "index.js");
const script = new vm.Script(
  "(function (exports, require, module, __filename, __dirname) {" +
    fs.readFileSync(main, "utf8") + "\n})",
  { filename: main },
);
const load = createRequire(main);
const config = JSON.stringify({
  toc: false,
  parse_outline_only: false,
  heading_number: false,
  keep_line_break: true,
  format: "Markdown",
  heading_to_list: false,
  exporting_keep_properties: false,
  inline_type_with_pos: false,
  inline_skip_macro: false,
  export_md_indent_style: "dashes",
  export_md_remove_options: [],
  hiccup_in_block: true,
});

function ast(text) {
  const module = { exports: {} };
  script.runInThisContext()(module.exports, load, module, main, path.dirname(main));
  return JSON.parse(module.exports.Mldoc.parseJson(text, config));
}

function removeIndentation(text, width) {
  const [first, ...rest] = text.split("\n");
  return [first, ...rest.map((line) =>
    /^\s*$/.test(line.slice(0, width)) ? line.slice(width) : line.replace(/^\s+/, ""))].join("\n");
}

function codeIn(node, found) {
  if (!Array.isArray(node)) {
    if (node && typeof node === "object") {
      Object.values(node).forEach((value) => codeIn(value, found));
    }
  } else if (node[0] === "Src" && node[1] && Array.isArray(node[1].lines)) {
    found.push([node[1].language || "", node[1].lines.join("")]);
  } else {
    node.forEach((value) => codeIn(value, found));
  }
  return found;
}

// What stands in a block as it is shown: names of nodes, and of what lines of text hold.
function kindsIn(node, found) {
  if (!Array.isArray(node)) {
    if (node && typeof node === "object") {
      if (Array.isArray(node.url)) found.add("Link " + node.url[0]);
      Object.values(node).forEach((value) => kindsIn(value, found));
    }
  } else {
    if (typeof node[0] === "string" && /^[A-Z][A-Za-z_]+$/.test(node[0]) && node.length > 1) found.add(node[0]);
    if (node[0] !== "Src" && node[0] !== "Example") node.forEach((value) => kindsIn(value, found));
  }
  return found;
}

// `data` is the page as UTF-8, in which mldoc counts.
function outline(text) {
  const data = Buffer.from(text, "utf8");
  const nodes = ast(text);
  const starts = [];
  const directives = [];
  nodes.forEach(([node, place], index) => {
    if (node[0] === "Heading") starts.push(index);
    if (node[0] === "Directive") directives.push([node[1], node[2]]);
  });
  const blocks = [];
  const first = starts.length ? nodes[starts[0]][1].start_pos : data.length;
  if (first > 0) blocks.push({ at: -1, start: 0, kind: "pre", level: 1 });
  for (const at of starts) {
    const [[, heading], place] = nodes[at];
    blocks.push({
      at,
      start: place.start_pos,
      kind: heading.unordered ? "bullet" : "heading",
      level: heading.unordered ? heading.level : 1,
      size: heading.size || 0,
    });
  }
  blocks.forEach((block, index) => {
    const next = blocks[index + 1];
    block.end = next ? next.start : data.length;
    const held = nodes.slice(block.at + 1, next ? next.at : nodes.length).map(([node]) => node);
    block.runs = held
      .filter((node) => node[0] === "Property_Drawer")
      .map((node) => node[1].map(([key, value]) => [key, value]));
    block.spans = nodes
      .slice(block.at + 1, next ? next.at : nodes.length)
      .filter(([node]) => node[0] === "Src")
      .map(([, place]) => [place.start_pos, place.end_pos]);
    const raw = data.subarray(block.start, block.end).toString("utf8");
    if (!/```|~~~|#\+begin_/i.test(raw)) {
      block.code = [];
    } else if (block.kind === "pre") {
      block.code = codeIn(ast(raw).map(([node]) => node), []);
    } else {
      const bare = block.kind === "bullet" ? raw.replace(/^\s*-/, "").replace(/^[ \t\f]+/, "") : raw;
      const shown = removeIndentation(bare, block.level + 1).replace(/^\s+/, "");
      block.code = codeIn(ast("- " + shown).map(([node]) => node), []);
    }
    const own = nodes.slice(Math.max(block.at, 0), next ? next.at : nodes.length).map(([node]) => node);
    block.kinds = [...kindsIn(own, new Set())].sort();
    delete block.at;
  });
  return { blocks, directives };
}

const pages = JSON.parse(fs.readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(pages.map(outline)));
