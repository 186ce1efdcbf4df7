/**
 * A button in a page that runs code: a macro, which a person inserts where the button is to be.
 *
 * Logseq gives each `{{renderer ...}}` a slot and asks the plugins to fill it. Nothing else puts a
 * button beside code in both lines of Logseq without access to its own page.
 */

import { escaped } from "./html";

/** The first argument of the macro, by which the plugin knows it. */
export const MACRO_NAME = ":tangle-run";

const MACRO = `{{renderer ${MACRO_NAME}}}`;

/** Return the button of a block. */
export function buttonTemplate(uuid: string): string {
  return (
    `<button type="button" data-on-click="tangleRunHere" data-uuid="${escaped(uuid)}" ` +
    'title="Run this code with tangle" style="padding:0 9px;border:1px solid currentColor;' +
    'border-radius:6px;background:none;color:inherit;font-size:13px;line-height:1.6;opacity:.8;' +
    'cursor:pointer">▶ Run</button>'
  );
}

const OPENING = /^\s*(`{3,}|~{3,}|#\+begin_)/i;

/**
 * Return what to insert into a block's text for a button there, or undefined within code.
 *
 * The line of a fence may hold nothing else, so the macro goes on a separate line next to one.
 */
export function buttonAt(text: string, offset: number): string | undefined {
  const before = text.slice(0, offset).split("\n");
  const onLine = before.pop() ?? "";
  const rest = text.slice(offset).split("\n", 1)[0] ?? "";
  let fence = "";
  for (const line of before) fence = fenceAfter(line, fence);
  const line = onLine + rest;
  const closes = fence !== "" && fenceAfter(line, fence) === "";
  if (fence !== "" && !(closes && rest.trim() === "")) return undefined;
  if (closes) return `\n${MACRO}`;
  if (!OPENING.test(line)) return MACRO;
  return onLine.trim() === "" ? `${MACRO}\n` : undefined;
}

/** Return what opened the code in which the next line is; empty outside of code. */
function fenceAfter(line: string, fence: string): string {
  if (fence === "") return OPENING.exec(line)?.[1] ?? "";
  if (fence.startsWith("#")) return /^\s*#\+end_/i.test(line) ? "" : fence;
  const bare = line.trim();
  const closes = bare.startsWith(fence) && bare === (fence[0] ?? "").repeat(bare.length);
  return closes ? "" : fence;
}
