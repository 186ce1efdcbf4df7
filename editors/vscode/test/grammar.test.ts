// How pages are highlighted: our grammar, injected into VS Code's own Markdown with its Python.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";

import markdown from "@shikijs/langs/markdown";
import python from "@shikijs/langs/python";
import oniguruma from "vscode-oniguruma";
import textmate, { type IRawGrammar } from "vscode-textmate";

const require = createRequire(import.meta.url);
const OWN = "markdown.tangle.codeblock";

async function grammar(): Promise<textmate.IGrammar> {
  await oniguruma.loadWASM(readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm")));
  const own = JSON.parse(readFileSync("syntaxes/tangle.json", "utf8")) as IRawGrammar;
  const known = new Map<string, IRawGrammar>([[OWN, own]]);
  for (const one of [...markdown, ...python] as unknown as IRawGrammar[]) {
    known.set(one.scopeName, one);
  }
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (sources) => new oniguruma.OnigScanner(sources),
      createOnigString: (text) => new oniguruma.OnigString(text),
    }),
    loadGrammar: (scope) => Promise.resolve(known.get(scope) ?? null),
    getInjections: (scope) => (scope === "text.html.markdown" ? [OWN] : undefined),
  });
  const found = await registry.loadGrammar("text.html.markdown");
  assert.ok(found);
  return found;
}

const loaded = grammar();

/** The scopes of the first place of each text, by the text. */
async function scopes(page: string, ...texts: string[]): Promise<string[][]> {
  const found = texts.map<string[]>(() => []);
  let stack = textmate.INITIAL;
  for (const line of page.split("\n")) {
    const result = (await loaded).tokenizeLine(line, stack);
    stack = result.ruleStack;
    texts.forEach((text, at) => {
      const start = line.indexOf(text);
      const token = result.tokens.find((one) => one.startIndex <= start && start < one.endIndex);
      if (found[at]?.length === 0 && token !== undefined) {
        found[at] = token.scopes;
      }
    });
  }
  return found;
}

const EMBEDDED = "meta.embedded.block.python";

test("code in a fence of a nested block is Python, and what follows is not", async () => {
  const page = "- # Head\n\t- words\n\t\t- ```python\n\t\t  def f(x):  #@save\n\t\t      return x\n\t\t  ```\n\t\t- after it";
  const [def, save, ret, after] = await scopes(page, "def", "@save", "return", "after");
  assert.ok(def?.includes(EMBEDDED) && def.includes("storage.type.function.python"));
  assert.ok(save?.includes("storage.modifier.save.tangle"), String(save));
  assert.ok(ret?.includes("keyword.control.flow.python"));
  assert.ok(after && after.length > 0 && !after.includes(EMBEDDED));
});

for (const [name, page] of [
  ["at the top", "- ```python\n  import os\n  ```\n- after"],
  ["below words of the block", "\t- words\n\t  ```python\n\t  import os\n\t  ```\n\t- after"],
  ["below properties", "\t- tangle.name:: a\n\t  ```py\n\t  import os\n\t  ```\n- after"],
  ["with attributes", "\t\t- ``` {.python3 eval=no}\n\t\t  import os\n\t\t  ```\n- after"],
  ["with tildes", "\t\t\t- ~~~ipython\n\t\t\t  import os\n\t\t\t  ~~~\n- after"],
  ["with a comma", "\t- ```python, eval=no\n\t  import os\n\t  ```\n- after"],
  ["with an open string", '\t- ```python\n\t  import os; s = """open\n\t  ```\n- after'],
  ["without indentation", "```python\nimport os\n```\n- after"],
] as const) {
  test(`a fence ${name} is Python until its end`, async () => {
    const [code, after] = await scopes(page, "import", "after");
    assert.ok(code?.includes("keyword.control.import.python"), String(code));
    assert.ok(after && after.length > 0 && !after.includes(EMBEDDED), String(after));
  });
}

test("fences of other languages are left alone", async () => {
  for (const language of ["pythonic", "cython", "javascript", "text"]) {
    const [code] = await scopes(`\t- \`\`\`${language}\n\t  import os\n\t  \`\`\``, "import");
    assert.ok(code && !code.includes(EMBEDDED), language);
  }
});

test("a reference to a chunk and a property have scopes of their own", async () => {
  const page = "- tangle.name:: net\n  ```python\n  <<the net>>\n  y = a << b\n  ```";
  const [property, reference, shift] = await scopes(page, "tangle.name", "the net", "b");
  assert.ok(property?.includes("support.type.property-name.tangle"), String(property));
  assert.ok(reference?.includes("entity.name.reference.tangle"));
  assert.ok(shift?.includes("source.python") || shift?.includes(EMBEDDED));
  assert.ok(!shift?.includes("entity.name.reference.tangle"));
});
