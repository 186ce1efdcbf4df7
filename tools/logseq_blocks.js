// Reads pages with mldoc, as Logseq does, and prints what each block holds as JSON.
//
// Called as `node logseq_blocks.js MLDOC KATEX`, folders that npm installed into; KATEX may lack.
// Standard input: a JSON list of pages. Standard output: a list of lists of blocks, each
// {kind, level, nodes}: nodes are mldoc's, of the block's text without its indentation; formulas
// are HTML where KaTeX is there.

const fs = require("fs");
const path = require("path");
const { createRequire } = require("module");
const { config, copies, withoutIndentation } = require("../benchmarks/logseq_parser.js");

const [folder, formulas] = process.argv.slice(2).map((name) => path.resolve(name));
const fresh = copies(folder);

// mldoc keeps the lines of open drawers between calls, so each text gets its own copy.
function parse(text) {
  return JSON.parse(fresh().parseJson(text, config));
}

function katex() {
  const at = path.join(formulas || "", "node_modules", "katex");
  return formulas && fs.existsSync(at) ? createRequire(path.join(at, "index.js"))(at) : null;
}

const renderer = katex();

function formula(source, displayMode) {
  return ["Formula", renderer.renderToString(source, { displayMode, throwOnError: false, strict: false })];
}

// The same nodes, with HTML for formulas.
function drawn(node) {
  if (!renderer) return node;
  if (Array.isArray(node)) {
    if (node[0] === "Displayed_Math") return formula(node[1], true);
    if (node[0] === "Latex_Environment") return formula(`\\begin{${node[1]}}${node[3]}\\end{${node[1]}}`, true);
    if (node[0] === "Latex_Fragment") return formula(node[1][1], node[1][0] === "Displayed");
    return node.map(drawn);
  }
  return node && typeof node === "object"
    ? Object.fromEntries(Object.entries(node).map(([key, value]) => [key, drawn(value)]))
    : node;
}

function blockOf(data, kind, level, start, end) {
  const raw = data.subarray(start, end).toString("utf8");
  const text = kind === "bullet"
    ? "- " + withoutIndentation(raw.replace(/^\s+/, "").replace(/^-+\s?/, ""), level + 1).trim()
    : raw.trim();
  return { kind, level, nodes: parse(text).map(([node]) => drawn(node)) };
}

function blocks(text) {
  const data = Buffer.from(text, "utf8");
  const starts = parse(text)
    .filter(([node]) => node[0] === "Heading")
    .map(([[, heading], place]) => [place.start_pos, heading.unordered ? "bullet" : "heading", heading.level]);
  const first = starts.length ? starts[0][0] : data.length;
  const found = first > 0 ? [blockOf(data, "pre", 1, 0, first)] : [];
  starts.forEach(([start, kind, level], index) => {
    const end = index + 1 < starts.length ? starts[index + 1][0] : data.length;
    found.push(blockOf(data, kind, kind === "bullet" ? level : 1, start, end));
  });
  return found;
}

const pages = JSON.parse(fs.readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(pages.map(blocks)));
