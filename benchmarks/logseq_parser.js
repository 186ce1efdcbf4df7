// Loads mldoc with Logseq's settings, from the folder into which npm installed it.

const fs = require("fs");
const path = require("path");
const vm = require("vm");
const { createRequire } = require("module");

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

// A function that returns a new copy of mldoc: a copy keeps state between calls.
function copies(folder) {
  const main = path.join(folder, "node_modules", "mldoc", "index.js");
  const script = new vm.Script(
    `(function (exports, require, module, __filename, __dirname) {${fs.readFileSync(main, "utf8")}\n})`,
    { filename: main },
  );
  return () => {
    const module = { exports: {} };
    script.runInThisContext()(module.exports, createRequire(main), module, main, path.dirname(main));
    return module.exports.Mldoc;
  };
}

// A line loses as many characters as are before the block's text, or all its white space.
function withoutIndentation(text, width) {
  const [first, ...rest] = text.split(/\r?\n/);
  return [first, ...rest.map((line) =>
    /^\s*$/.test(line.slice(0, width)) ? line.slice(width) : line.replace(/^\s+/, ""))].join("\n");
}

module.exports = { config, copies, withoutIndentation };
