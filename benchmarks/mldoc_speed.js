// How long mldoc takes for some pages: `node mldoc_speed.js FOLDER < pages.json`.
// Prints the seconds of a pass, and for each page the levels of its blocks and the text of its
// code, read once: as it stands in the file.

const path = require("path");
const folder = path.join(process.argv[2], "node_modules", "mldoc");
const { Mldoc } = require(folder);
const config = JSON.stringify({
  toc: false,
  heading_number: false,
  keep_line_break: true,
  format: "Markdown",
  heading_to_list: false,
  exporting_keep_properties: false,
  hiccup_in_block: true,
});

function find(node, found) {
  if (Array.isArray(node)) {
    if (node[0] === "Heading" && node[1].level) found[0].push(node[1].level);
    if (node[0] === "Src" && node[1].lines) found[1].push(node[1].lines.join(""));
    node.forEach((child) => find(child, found));
  } else if (node && typeof node === "object") {
    Object.values(node).forEach((child) => find(child, found));
  }
  return found;
}

const pages = JSON.parse(require("fs").readFileSync(0, "utf8"));
for (const text of pages.slice(0, 20)) Mldoc.parseJson(text, config);
const began = performance.now();
let parsed = [];
let passes = 0;
let seconds = 0;
while (seconds < 0.5) { // at least so many are measured
  parsed = pages.map((text) => Mldoc.parseJson(text, config));
  passes += 1;
  seconds = (performance.now() - began) / 1000;
}
process.stdout.write(JSON.stringify({
  seconds: seconds / passes,
  version: require(path.join(folder, "package.json")).version,
  found: parsed.map((text) => find(JSON.parse(text), [[], []])),
}));
