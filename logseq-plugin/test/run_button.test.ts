import { describe, expect, it } from "vitest";
import { buttonAt, buttonTemplate } from "../src/run_button";

const MACRO = "{{renderer :tangle-run}}";

/** Return a text with the button where `|` is in it; undefined where there may be none. */
function inserted(marked: string): string | undefined {
  const at = marked.indexOf("|");
  const text = marked.replace("|", "");
  const button = buttonAt(text, at);
  return button === undefined ? undefined : text.slice(0, at) + button + text.slice(at);
}

describe("where a button is inserted", () => {
  it.each([
    ["|", MACRO],
    ["run |this", `run ${MACRO}this`],
    ["|```python\nx\n```", `${MACRO}\n\`\`\`python\nx\n\`\`\``],
    ["```python\nx\n```|", `\`\`\`python\nx\n\`\`\`\n${MACRO}`],
    ["```python\nx\n```|\nafter", `\`\`\`python\nx\n\`\`\`\n${MACRO}\nafter`],
    ["```python\nx\n```\nafter |", `\`\`\`python\nx\n\`\`\`\nafter ${MACRO}`],
    ["words\n|~~~~\n```\n~~~~", `words\n${MACRO}\n~~~~\n\`\`\`\n~~~~`],
    ["|#+BEGIN_SRC python\nx\n#+END_SRC", `${MACRO}\n#+BEGIN_SRC python\nx\n#+END_SRC`],
    ["#+begin_src python\nx\n#+end_src|", `#+begin_src python\nx\n#+end_src\n${MACRO}`],
  ])("%j", (marked, wanted) => {
    expect(inserted(marked)).toBe(wanted);
  });

  it.each([
    "```py|thon\nx\n```",
    "```python|\nx\n```",
    "```python\nx|\n```",
    "```python\nx\n|```",
    "````\n```|\n````",
    "~~~\n```|\n~~~",
    "```python\nnever closed|",
    "#+BEGIN_SRC python\nx|\n#+END_SRC",
  ])("nowhere within code: %j", (marked) => {
    expect(inserted(marked)).toBeUndefined();
  });
});

describe("a button", () => {
  it("holds the block's uuid as text", () => {
    expect(buttonTemplate('"><b>')).toContain('data-uuid="&quot;&gt;&lt;b&gt;"');
  });
});
