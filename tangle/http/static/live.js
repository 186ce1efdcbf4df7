// The live site: a save shows in the open page, and only what changed is replaced; chunks run from the page.
"use strict";
(() => {
  if (window !== top) return; // a preview

  const root = new URL(document.body.dataset.root, location.href);
  const chinese = document.documentElement.lang.startsWith("zh");
  const words = chinese
    ? {
        run: "运行", stop: "停止", running: "运行中…", lost: "与 tangle serve 的连接断了", token: "粘贴 tangle serve 打印的口令：",
        refused: "口令不对，请重新粘贴", failed: "没有运行成功：",
      }
    : {
        run: "Run", stop: "Stop", running: "Running…", lost: "No connection to tangle serve",
        token: "Paste the token that tangle serve printed:", refused: "That token does not count; paste it again",
        failed: "The run did not start: ",
      };

  const style = document.createElement("link");
  style.rel = "stylesheet";
  style.href = new URL("live.css", root);
  document.head.append(style);

  const status = document.createElement("p");
  status.className = "live-status";
  status.setAttribute("role", "status");
  document.body.append(status);

  // --- what changed ---------------------------------------------------------------------------

  /** The page as it was sent, without what scripts have added since. */
  let sent = null;
  let loading = null;

  /** The elements in another, by their id or by their kind and place among those of it. */
  function keyed(parent) {
    const seen = {};
    const key = (element) => {
      if (element.id) return `#${element.id}`;
      const kind = `${element.tagName}.${element.className}`;
      seen[kind] = (seen[kind] ?? 0) + 1;
      return `${kind}:${seen[kind]}`;
    };
    return new Map([...parent.children].map((child) => [key(child), child]));
  }

  const BRANCHES = "main, article, section, .page-text, ul.blocks, ol.blocks, li.block, details.fold, aside, nav, ul, ol";

  /** Make `live` what `next` is, where `before` is what `live` was made from; keep all that is equal. */
  function update(live, before, next) {
    if (before.isEqualNode(next)) return;
    const branch = live.matches(BRANCHES) && next.matches(BRANCHES) && live.tagName === next.tagName;
    const bare = (node) => [...node.childNodes].every((n) => n.nodeType !== Node.TEXT_NODE || !n.data.trim());
    if (!branch || !bare(before) || !bare(next)) {
      live.replaceWith(document.importNode(next, true));
      return;
    }
    for (const { name, value } of next.attributes) if (name !== "open") live.setAttribute(name, value);
    for (const { name } of [...before.attributes]) if (!next.hasAttribute(name)) live.removeAttribute(name);
    updateChildren(live, keyed(before), keyed(next));
  }

  function updateChildren(live, before, next) {
    const here = keyed(live);
    for (const [name] of before) if (!next.has(name)) here.get(name)?.remove();
    let last = null;
    for (const [name, child] of next) {
      let element = before.has(name) ? here.get(name) : undefined;
      const place = last ? last.nextElementSibling : live.firstElementChild;
      if (!element) {
        element = document.importNode(child, true);
        live.insertBefore(element, place);
      } else {
        if (element !== place) live.insertBefore(element, place);
        update(element, before.get(name), child);
        element = last ? last.nextElementSibling : live.firstElementChild; // it may be another one now
      }
      last = element;
    }
  }

  /** What is at the top of the window, so that it can stay there. */
  function topmost() {
    for (const block of document.querySelectorAll("#main [id]")) {
      const { top, bottom } = block.getBoundingClientRect();
      if (bottom > 0) return { id: block.id, top };
    }
    return null;
  }

  async function load() {
    const answer = await fetch(location.pathname, { cache: "no-store" });
    if (!answer.ok) return null;
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  }

  async function refresh() {
    if (loading) {
      loading.again = true;
      return;
    }
    loading = { again: false };
    try {
      const next = await load();
      // What was loaded may be older than what is compared with from now on.
      if (next && !sent && next.body.dataset.digest !== document.body.dataset.digest) location.reload();
      if (next && sent) show(next);
      sent = next ?? sent;
    } catch {
      // The connection is lost, and its return refreshes the page.
    }
    const { again } = loading;
    loading = null;
    if (again) refresh();
  }

  function show(next) {
    const [main, nextMain] = [document.getElementById("main"), next.getElementById("main")];
    if (!nextMain) return;
    const place = topmost();
    document.title = next.title;
    update(main, sent.getElementById("main"), nextMain);
    const navigation = [document, sent, next].map((page) => page.getElementById("site-nav"));
    if (navigation.every(Boolean)) update(...navigation);
    document.dispatchEvent(new CustomEvent("tangle:changed"));
    addButtons();
    const now = place && document.getElementById(place.id);
    if (now) scrollBy({ top: now.getBoundingClientRect().top - place.top, behavior: "instant" });
  }

  /** Follow the server while the page is seen: a browser keeps six connections to a server, over all tabs. */
  function follow() {
    let source = null;
    const own = decodeURIComponent(location.pathname.slice(root.pathname.length)) || "index.html";
    const end = () => {
      source?.close();
      source = null;
    };
    const begin = () => {
      if (source || document.hidden) return;
      source = new EventSource(new URL("live", root));
      source.addEventListener("open", () => {
        if (status.textContent === words.lost) status.textContent = "";
        refresh();
      });
      source.addEventListener("pages", ({ data }) => {
        const { pages } = JSON.parse(data);
        const images = [...document.images].map((image) => decodeURIComponent(new URL(image.src).pathname.slice(root.pathname.length)));
        if (pages.includes(own) || pages.some((page) => images.includes(page))) refresh();
      });
      source.addEventListener("reset", refresh);
      source.addEventListener("error", () => {
        status.textContent = words.lost;
      });
    };
    document.addEventListener("visibilitychange", () => (document.hidden ? end() : begin()));
    addEventListener("pagehide", end);
    addEventListener("pageshow", begin);
    begin();
  }

  // --- runs -----------------------------------------------------------------------------------

  const TOKEN = "tangle-token";
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    sessionStorage.setItem(TOKEN, given);
    history.replaceState(null, "", location.pathname + location.search);
  }

  function token(question) {
    let known = sessionStorage.getItem(TOKEN);
    if (!known || question) {
      known = prompt(question ?? words.token)?.trim() || null;
      if (known) sessionStorage.setItem(TOKEN, known);
    }
    return known;
  }

  async function ask(path, body, again) {
    const known = token(again);
    if (!known) return null;
    const answer = await fetch(new URL(path, root), {
      method: body ? "POST" : "GET",
      headers: { Authorization: `Bearer ${known}`, ...(body && { "Content-Type": "application/json" }) },
      body: body && JSON.stringify(body),
    });
    return answer.status === 401 ? ask(path, body, words.refused) : answer;
  }

  /** Yield the events of a stream of server-sent events. */
  async function* events(answer) {
    let rest = "";
    const decoder = new TextDecoderStream();
    const reader = answer.body.pipeThrough(decoder).getReader();
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        const parts = (rest + value).split("\n\n");
        rest = parts.pop();
        for (const part of parts) {
          const fields = Object.fromEntries(part.split("\n").map((line) => line.split(/: (.*)/s, 2)));
          if (fields.data) yield { kind: fields.event, data: JSON.parse(fields.data) };
        }
      }
    } finally {
      reader.cancel();
    }
  }

  const lineOf = (chunk) => Number(chunk.querySelector("[id^=L]")?.id.slice(1)) - 1;

  function addButtons() {
    for (const chunk of document.querySelectorAll("figure.chunk:not([data-state=none])")) {
      const head = chunk.querySelector(".chunk-head");
      if (!head || head.querySelector(".run") || !lineOf(chunk)) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "run";
      button.textContent = words.run;
      button.addEventListener("click", () => run(chunk, button));
      head.append(button);
    }
  }

  async function run(chunk, button) {
    if (button.dataset.job) {
      await ask("api/stop", { job: button.dataset.job });
      return;
    }
    const heading = document.querySelector(".page-head h1").cloneNode(true);
    heading.querySelector(".number")?.remove();
    const title = heading.textContent.trim();
    const found = await ask(`api/page?title=${encodeURIComponent(title)}`);
    if (!found?.ok) return;
    const { page } = await found.json();
    const stream = await ask("api/events");
    const started = await ask("api/run", { what: [`${page}:${lineOf(chunk)}`] });
    if (!stream?.ok || !started?.ok) {
      stream?.body.cancel();
      if (started) status.textContent = words.failed + (await started.json()).error;
      return;
    }
    const { job } = await started.json();
    button.dataset.job = job;
    button.textContent = words.stop;
    status.textContent = words.running;
    try {
      await show_outputs(stream, job);
    } finally {
      delete button.dataset.job;
      button.textContent = words.run;
    }
  }

  /** Show what the chunks of a job print while it runs; its end brings the page itself. */
  async function show_outputs(stream, job) {
    const shown = new Map();
    for await (const { kind, data } of events(stream)) {
      if (data.job !== job) continue;
      if (kind === "output") append(shown, data);
      if (kind === "finished" && !("section" in data)) {
        status.textContent = data.error ? words.failed + data.error : "";
        break;
      }
    }
    setTimeout(() => shown.forEach((area) => area.remove()), 1000);
  }

  function append(shown, { line, outputs }) {
    const chunk = [...document.querySelectorAll("figure.chunk")].find((figure) => lineOf(figure) === line);
    if (!chunk) return;
    let area = shown.get(line);
    if (!area?.isConnected) {
      area = document.createElement("pre");
      area.className = "output live-output";
      chunk.after(area);
      shown.set(line, area);
    }
    for (const output of outputs) area.append(output.text ?? output.data?.["text/plain"] ?? "");
    area.scrollTop = area.scrollHeight;
  }

  addButtons();
  follow();
})();
