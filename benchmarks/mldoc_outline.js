// Reads pages as Logseq does with mldoc, and prints their outlines as JSON.
//
// Called as `node mldoc_outline.js FOLDER`, FOLDER being where mldoc was installed.
// Standard input: a JSON list of pages. Standard output: a JSON list of outlines, one a page.
//
// Logseq reads a page twice: the file gives the blocks, their ids and references, and each block,
// its indentation removed, gives what is shown (logseq-spec.md 2). mldoc keeps the lines of a drawer
// that is never closed and gives them to the next drawer, and so it does with code in several
// backquotes: each text that might hold either gets its own copy of mldoc.

const fs = require("fs");
const { config, copies, withoutIndentation } = require("./logseq_parser.js");

const fresh = copies(process.argv[2]);
const shared = fresh();
const KEPT = /:\s*[\r\n]|``/;

function parser(text) {
  return KEPT.test(text) ? fresh() : shared;
}

function ast(text) {
  return JSON.parse(parser(text).parseJson(text, config));
}

// The text of a block as it is edited and shown: less its bullet and its indentation.
function shown(block, raw) {
  const bare = raw.replace(/^\s+/, "").replace(/^-+\s?/, "");
  return "- " + withoutIndentation(bare, block.level + 1).replace(/^\s+/, "");
}

function codeIn(node, found) {
  if (!Array.isArray(node)) {
    if (node && typeof node === "object") {
      Object.values(node).forEach((value) => codeIn(value, found));
    }
  } else if (node[0] === "Src" && node[1] && Array.isArray(node[1].lines)) {
    const { language, options, lines } = node[1];
    found.push([[language || "", ...(options || [])].join(" "), lines.join("")]);
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

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function idIn(text) {
  const match = typeof text === "string" ? text.match(/^\(\((.*)\)\)$/) : null;
  const id = match ? match[1] : text;
  return typeof id === "string" && UUID.test(id) ? id.toLowerCase() : null;
}

// The block that a node of text refers to, and the form of the reference.
function reference(node) {
  if (node[0] === "Macro") {
    const [first] = node[1].arguments;
    const isBlock = node[1].name === "embed" && /^\(\(.*\)\)$/.test(first || "");
    return isBlock && idIn(first) ? ["embed", idIn(first)] : null;
  }
  if (node[0] !== "Link" || !node[1] || !node[1].url) return null;
  const [kind, value] = node[1].url;
  const id = kind === "Complex" ? (value.protocol === "id" ? idIn(value.link) : null) : idIn(value);
  const text = node[1].full_text;
  return id && [/^!?\[/.test(text) && text !== `[[${value}]]` ? "labelled" : "ref", id];
}

function referencesIn(node, found) {
  if (Array.isArray(node)) {
    const one = reference(node);
    if (one) found.push(one.join(" "));
    node.forEach((value) => referencesIn(value, found));
  } else if (node && typeof node === "object") {
    Object.values(node).forEach((value) => referencesIn(value, found));
  }
  return found;
}

// A paragraph whose first or second part is a date says when, and nothing else.
function isDate([kind, parts]) {
  return kind === "Paragraph" && parts.slice(0, 2).some((part) => part[0] === "Timestamp");
}

// What a property's value refers to: mldoc gives it for lines, and not for `#+KEY:`.
function referencesOf([, value, links]) {
  if (links) return referencesIn(links, []);
  if (!value.trim()) return [];
  return referencesIn(JSON.parse(parser(value).getReferences(value, config)), []);
}

// Whether a key can be a keyword of Clojure's: Logseq drops any other property.
function isKey(key) {
  return !/["|^(){}`\\;,@~[\]\s]|^#|^\/|\/(\d|$|.*\/)/.test(key);
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
      .map((node) => node[1]);
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
      block.code = codeIn(ast(shown(block, raw)).map(([node]) => node), []);
    }
    const counted = block.kind === "pre" && directives.length ? directives : block.runs[0] || [];
    block.refs = [
      ...(block.at < 0 ? [] : referencesIn(nodes[block.at][0][1].title, [])),
      ...held
        .filter((node) => node[0] !== "Property_Drawer" && node[0] !== "Directive" && !isDate(node))
        .flatMap((node) => referencesIn(node, [])),
      ...counted.filter(([key]) => isKey(key.replace(/ /g, "-"))).flatMap(referencesOf),
    ].sort();
    const ids = counted.filter(([key]) => /^(id|custom[-_]id)$/i.test(key)).map(([, value]) => value.trim());
    block.id = UUID.test(ids.at(-1)) ? ids.at(-1).toLowerCase() : null;
    const own = nodes.slice(Math.max(block.at, 0), next ? next.at : nodes.length).map(([node]) => node);
    block.kinds = [...kindsIn(own, new Set())].sort();
    delete block.at;
  });
  return { blocks, directives };
}

const pages = JSON.parse(fs.readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(pages.map(outline)));
