// The search: loaded at the first use. `search.py` writes the index.
"use strict";
window.tangleSearch = ({ all, fill, make, root, version, words }) => {
  const CJK =
    "\\u2e80-\\u2fdf\\u3005-\\u3007\\u3040-\\u30ff\\u3100-\\u318f\\u31a0-\\u31bf\\u31f0-\\u31ff\\u3400-\\u4dbf" +
    "\\u4e00-\\u9fff\\ua960-\\ua97f\\uac00-\\ud7ff\\uf900-\\ufaff\\u{20000}-\\u{3ffff}";
  const RUN = new RegExp(`([${CJK}]+)|(?:(?![${CJK}])[\\p{L}\\p{N}])+`, "gu");
  const RESULTS_AT_ONCE = 12;
  const files = new Map();
  const fold = (text) => text.normalize("NFKC").toLowerCase();

  window.tangleIndex = (name, value) => files.get(name).arrived(value);

  /** Load a file of the index once; scripts are what file:// lets a page load. */
  function load(name) {
    if (!files.has(name)) {
      const file = {};
      file.value = new Promise((arrived, failed) => {
        file.arrived = arrived;
        const script = make("script", { src: `${root}search/${name}.js${version}` });
        script.addEventListener("error", () => {
          files.delete(name);
          failed(new Error(name));
        });
        document.head.append(script);
      });
      files.set(name, file);
    }
    return files.get(name).value;
  }

  /** Split a query as `search.py` splits texts: words by their beginnings, pairs of characters. */
  function termsOf(query) {
    const terms = [];
    for (const [run, cjk] of fold(query).matchAll(RUN)) {
      const characters = [...run];
      if (!cjk) terms.push({ term: run, prefix: characters.length > 1 });
      else if (characters.length === 1) terms.push({ term: run, prefix: true });
      else characters.slice(1).forEach((next, at) => terms.push({ term: characters[at] + next, prefix: false }));
    }
    return terms;
  }

  /** Weights by entry of a segment for one term of a query. A line is `word entry entry.weight ...`, 2 going without saying. */
  function lookUp(lines, { term, prefix }) {
    let low = 0;
    for (let high = lines.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (lines[middle] < term) low = middle + 1;
      else high = middle;
    }
    const found = new Map();
    for (; low < lines.length && lines[low].startsWith(term); low++) {
      const [word, ...postings] = lines[low].split(" ");
      if (word !== term && !prefix) break;
      for (const posting of postings) {
        const [entry, times = 2] = posting.split(".").map(Number);
        const weight = word === term ? times : times * 0.6;
        found.set(entry, Math.max(weight, found.get(entry) ?? 0));
      }
    }
    return found;
  }

  async function find(query) {
    const terms = termsOf(query);
    if (!terms.length) return [];
    const { segments } = await load("index");
    const parts = await Promise.all([...Array(segments).keys()].map((number) => load(`s-${number}`)));
    const results = new Map();
    for (const part of parts) part.lines = part.lines ?? part.terms.split(",");
    const total = parts.reduce((sum, part) => sum + part.entries.length, 0);
    for (const term of terms) {
      const found = parts.map((part) => lookUp(part.lines, term));
      const rarity = Math.log(1 + total / (1 + found.reduce((sum, map) => sum + map.size, 0)));
      found.forEach((map, number) => {
        for (const [entry, weight] of map) {
          const place = parts[number].entries[entry];
          const result = results.get(place) ?? { place, score: 0, matched: 0 };
          result.score += weight * rarity;
          result.matched += 1;
          results.set(place, result);
        }
      });
    }
    // Entries that hold all terms; where there is none, those that hold the most.
    const most = Math.max(0, ...[...results.values()].map((result) => result.matched));
    const phrase = fold(query.trim());
    const best = [...results.values()].filter((result) => result.matched === most);
    for (const result of best) {
      const title = fold(result.place[1]);
      if (title === phrase) result.score *= 4;
      else if (title.includes(phrase)) result.score *= 2;
    }
    return best.sort((a, b) => b.score - a.score).map((result) => result.place);
  }

  /** The spans of a text that a query's words cover; whole runs first, then pairs of characters. */
  function spansOf(text, query) {
    const folded = fold(text);
    if (folded.length !== text.length) return [];
    const runs = [...fold(query).matchAll(RUN)].map(([run]) => run);
    const whole = runs.filter((run) => folded.includes(run));
    const needles = whole.length === runs.length ? whole : [...whole, ...termsOf(query).map(({ term }) => term)];
    const spans = [];
    for (const needle of needles) {
      for (let at = folded.indexOf(needle); at >= 0; at = folded.indexOf(needle, at + needle.length)) {
        spans.push([at, at + needle.length]);
        if (spans.length > 200) break;
      }
    }
    return spans.sort((a, b) => a[0] - b[0] || b[1] - a[1]);
  }

  function marked(text, query) {
    const pieces = [];
    let done = 0;
    for (const [start, end] of spansOf(text, query)) {
      if (start < done) continue;
      pieces.push(text.slice(done, start), make("mark", {}, text.slice(start, end)));
      done = end;
    }
    return [...pieces, text.slice(done)];
  }

  function snippet([text, code], query) {
    const inText = spansOf(text, query);
    const source = inText.length || !spansOf(code, query).length ? text : code;
    const first = (source === text ? inText : spansOf(code, query))[0]?.[0] ?? 0;
    const start = Math.max(0, first - 40);
    const part = source.slice(start, start + 180);
    const element = make(source === code && code ? "code" : "span", { class: "snippet" });
    element.append(start ? "…" : "", ...marked(part, query), start + 180 < source.length ? "…" : "");
    return element;
  }

  async function resultItem([address, title, inPage, text, number], query) {
    const link = make("a", { href: root + address }, make("span", { class: "title" }, ...marked(title, query)));
    if (inPage) link.append(" ", make("span", { class: "in-page" }, inPage));
    const texts = await load(`t-${text}`);
    if (texts[number][0] || texts[number][1]) link.append(snippet(texts[number], query));
    return make("li", {}, link);
  }

  function searchBox() {
    const input = make("input", { type: "search", "aria-label": words.search, placeholder: words.search, autocomplete: "off", spellcheck: "false" });
    const status = make("p", { class: "status", role: "status" });
    const list = make("ol", { class: "results" });
    const more = make("button", { type: "button", class: "more", hidden: "" }, words.more);
    let current = 0;
    let waiting = [];

    async function show(count) {
      const [query, turn] = [input.value, current];
      const items = await Promise.all(waiting.splice(0, count).map((place) => resultItem(place, query)));
      if (turn !== current) return;
      list.append(...items);
      more.hidden = !waiting.length;
    }

    async function search() {
      const turn = ++current;
      const query = input.value;
      status.textContent = query.trim() ? words.searching : "";
      try {
        const found = await find(query);
        if (turn !== current) return;
        waiting = found;
        list.replaceChildren();
        more.hidden = true;
        if (found.length) status.textContent = found.length === 1 ? words.one_result : fill(words.results, found.length);
        else if (query.trim()) status.textContent = fill(words.no_results, query.trim());
        await show(RESULTS_AT_ONCE);
      } catch {
        status.textContent = words.search_failed;
      }
    }

    function move(event) {
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      const stops = [input, ...all("a", list)];
      const at = stops.indexOf(document.activeElement);
      const next = stops[at + (event.key === "ArrowDown" ? 1 : -1)];
      if (at < 0 || !next) return;
      event.preventDefault();
      next.focus();
    }

    input.addEventListener("input", (event) => event.isComposing || search());
    input.addEventListener("compositionend", search);
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      list.querySelector("a")?.click();
    });
    more.addEventListener("click", () => show(RESULTS_AT_ONCE));
    const box = make("div", { class: "search", keydown: move }, input, status, list, more);
    return { box, input, search };
  }

  return searchBox;
};
