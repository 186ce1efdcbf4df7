// The site's client: everything here is comfort, and the pages read without it.
// After a change of the page, `document.dispatchEvent(new CustomEvent("tangle:changed"))` prepares what is new.
"use strict";
(() => {
  const page = document.documentElement;
  const { root, href } = document.body.dataset;
  const words = JSON.parse(document.body.dataset.words);
  const version = new URL(document.currentScript.src).search;
  const siteRoot = new URL(root, location.href);
  const dialogs = {};

  const fill = (text, ...values) => values.reduce((result, value) => result.replace("{}", () => value), text);
  /** The element that an address of this page leads to; none where its `%` is damaged. */
  const targetOf = (hash) => {
    try {
      return document.getElementById(decodeURIComponent(hash.slice(1)));
    } catch {
      return null;
    }
  };
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  /** Make an element: attributes by name, functions as listeners, the rest as children. */
  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value === "function") element.addEventListener(name, value);
      else element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  }

  /** Values that outlive the page; nothing where the browser keeps nothing, as some do on file://. */
  const storage = {
    get(key) {
      try {
        return localStorage.getItem(key);
      } catch {
        return null;
      }
    },
    set(key, value) {
      try {
        localStorage.setItem(key, value);
      } catch {
        // The choice holds for this page.
      }
    },
  };

  // --- colors ---------------------------------------------------------------------------------

  const schemes = ["auto", "light", "dark"];
  const themeButton = make("button", { type: "button", class: "theme", click: nextTheme });

  function showTheme(scheme) {
    if (scheme === "auto") delete page.dataset.theme;
    else page.dataset.theme = scheme;
    const label = words[`theme_${scheme}`];
    themeButton.dataset.scheme = scheme;
    themeButton.setAttribute("aria-label", label);
    themeButton.title = `${label} (t)`;
  }

  function nextTheme() {
    const scheme = schemes[(schemes.indexOf(themeButton.dataset.scheme) + 1) % schemes.length];
    storage.set("tangle-theme", scheme);
    showTheme(scheme);
  }

  // --- code, tables and headings --------------------------------------------------------------

  async function copy(text, button) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Without the permission or a secure address, the old way.
      const area = make("textarea", { readonly: "", class: "off-screen" });
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    button.textContent = words.copied;
    setTimeout(() => (button.textContent = words.copy), 1500);
  }

  function addCopyButton(code) {
    const figure = code.closest("figure.chunk");
    const place = figure?.querySelector(".chunk-head") ?? code.closest(".highlight");
    if (!place || place.querySelector(":scope > .copy")) return;
    const button = make("button", { type: "button", class: "copy" }, words.copy);
    button.addEventListener("click", () => copy(code.textContent, button));
    place.append(button);
  }

  function addHeadingLink(heading) {
    const anchor = heading.id || heading.closest("[id]")?.id;
    if (!anchor || anchor === "main" || heading.querySelector(".here-link")) return;
    const label = `${words.link_here}: ${heading.textContent.trim()}`;
    heading.append(make("a", { class: "here-link", href: `#${encodeURIComponent(anchor)}`, "aria-label": label }, "#"));
  }

  /** What scrolls sideways must be reachable by keyboard. */
  function makeScrollable(element) {
    if (element.scrollWidth > element.clientWidth) element.tabIndex = 0;
  }

  function prepare() {
    all(".highlight pre").forEach(addCopyButton);
    all(".page-text :is(h2, h3, h4)").forEach(addHeadingLink);
    all(".page-text :is(pre, table, .display, .table)").forEach(makeScrollable);
  }

  // --- anchors, contents ----------------------------------------------------------------------

  function openTarget() {
    const target = targetOf(location.hash);
    if (!target) return;
    let opened = false;
    for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) {
      if (!fold.open && fold.contains(target)) opened = fold.open = true;
    }
    if (opened) target.scrollIntoView();
  }

  let contents = null;

  function watchContents() {
    contents?.disconnect();
    const links = new Map();
    for (const link of all(".toc a")) {
      const target = targetOf(link.hash);
      if (target) links.set(target, link);
    }
    const mark = () => {
      let here = null;
      for (const [target, link] of links) {
        if (target.getBoundingClientRect().top <= innerHeight * 0.3 + 1) here = link;
        link.removeAttribute("aria-current");
      }
      here?.setAttribute("aria-current", "location");
      const list = here?.closest("details");
      if (list && list.scrollHeight > list.clientHeight) {
        list.scrollTop = here.offsetTop - list.offsetTop - list.clientHeight / 2;
      }
    };
    contents = new IntersectionObserver(mark, { rootMargin: "0px 0px -70% 0px" });
    links.forEach((_, target) => contents.observe(target));
  }

  function showPlaceInBook() {
    const nav = document.getElementById("site-nav");
    const here = nav?.querySelector('[aria-current="page"]');
    if (here && here.offsetTop > nav.clientHeight) nav.scrollTop = here.offsetTop - nav.clientHeight / 2;
  }

  // --- progress through a book ----------------------------------------------------------------

  const progressKey = `tangle-read:${siteRoot.href}`;
  const readPages = () => new Set(JSON.parse(storage.get(progressKey) ?? "[]"));

  function showProgress() {
    const read = readPages();
    all(".read").forEach((mark) => mark.remove());
    const pathOf = (link) => decodeURIComponent(link.pathname);
    const isRead = (link) => [...read].some((name) => pathOf(link) === decodeURIComponent(new URL(name, siteRoot).pathname));
    const links = all(".site-nav ol a, .chapters a");
    for (const link of links.filter((link) => !link.hash && isRead(link))) {
      link.append(make("span", { class: "read", role: "img", "aria-label": words.read }, "✓"));
    }
    const book = document.querySelector("[data-progress]");
    document.querySelector(".progress")?.remove();
    if (!book || !read.size) return;
    const pages = new Set(all("a", book).map(pathOf));
    const done = new Set(all("a", book).filter(isRead).map(pathOf));
    const forget = make("button", { type: "button" }, words.reset);
    forget.addEventListener("click", () => {
      storage.set(progressKey, "[]");
      showProgress();
    });
    const label = fill(words.progress, done.size, pages.size);
    const bar = make("progress", { value: done.size, max: pages.size, "aria-label": label });
    book.before(make("p", { class: "progress" }, bar, make("span", {}, label), forget));
  }

  function watchReading() {
    if (!document.querySelector("[data-course]")) return;
    const end = document.querySelector(".turn") ?? document.querySelector(".site-foot");
    new IntersectionObserver((entries, observer) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      storage.set(progressKey, JSON.stringify([...readPages().add(href)]));
      showProgress();
    }).observe(end);
  }

  // --- previews -------------------------------------------------------------------------------

  // A frame shows the page itself: that works from file:// too, and no text is stored twice.
  let preview = null;
  let previewTimer = 0;

  function closePreview() {
    clearTimeout(previewTimer);
    preview?.remove();
    preview = null;
  }

  function openPreview(link) {
    closePreview();
    const frame = make("iframe", { src: link.href, title: fill(words.preview, link.textContent), tabindex: "-1" });
    preview = make("div", { class: "preview" }, frame);
    const box = link.getClientRects()[0];
    const width = Math.min(480, innerWidth - 32);
    const below = box.bottom + 320 < innerHeight || box.top < 320;
    preview.style.width = `${width}px`;
    preview.style.left = `${Math.max(16, Math.min(box.left, innerWidth - width - 16))}px`;
    preview.style.top = below ? `${box.bottom + 6}px` : `${box.top - 306}px`;
    preview.addEventListener("mouseenter", () => clearTimeout(previewTimer));
    preview.addEventListener("mouseleave", leavePreview);
    document.body.append(preview);
  }

  function leavePreview() {
    clearTimeout(previewTimer);
    previewTimer = setTimeout(closePreview, 250);
  }

  function watchLinks() {
    const linkOf = (event) => event.target.closest?.("main :is(a.page-link, a.block-ref, a.tag)");
    document.addEventListener("pointerover", (event) => {
      const link = linkOf(event);
      if (!link || event.pointerType !== "mouse" || !link.href.startsWith(siteRoot.href)) return;
      clearTimeout(previewTimer);
      previewTimer = setTimeout(() => openPreview(link), 400);
      link.addEventListener("mouseleave", leavePreview, { once: true });
    });
    document.addEventListener("scroll", closePreview, { passive: true });
  }

  // --- search ---------------------------------------------------------------------------------

  let searchBox = null;

  /** Load the search once. A script and not a request: file:// allows no other. */
  function loadSearch() {
    if (!searchBox) searchBox = new Promise((loaded, failed) => {
      const script = make("script", { src: `${root}static/search.js${version}` });
      script.addEventListener("load", () => loaded(window.tangleSearch({ all, fill, make, root, version, words })));
      script.addEventListener("error", failed);
      document.head.append(script);
    });
    return searchBox;
  }

  async function openSearch() {
    const here = document.querySelector(".search-here input");
    if (here) here.focus();
    else {
      const newBox = await loadSearch();
      openDialog("search-dialog", words.search, () => newBox().box);
    }
  }

  async function fillSearchPage() {
    const place = document.querySelector(".search-here");
    if (!place) return;
    const { box, input, search } = (await loadSearch())();
    place.append(box);
    input.value = new URLSearchParams(location.search).get("q") ?? "";
    if (input.value) search();
    input.focus();
  }

  // --- dialogs and keys -----------------------------------------------------------------------

  function openDialog(name, title, content) {
    if (!dialogs[name]) {
      const close = make("button", { type: "button", class: "close", "aria-label": words.close }, "×");
      dialogs[name] = make("dialog", { class: name, "aria-label": title }, content(), close);
      close.addEventListener("click", () => dialogs[name].close());
      dialogs[name].addEventListener("click", (event) => {
        // The backdrop belongs to the dialog, and its parts to its children. A link may lead to this page.
        if (event.target === dialogs[name] || event.target.closest("a")) dialogs[name].close();
      });
      document.body.append(dialogs[name]);
    }
    closePreview();
    if (!dialogs[name].open) dialogs[name].showModal();
    dialogs[name].querySelector("input")?.select();
  }

  function openHelp() {
    const shortcuts = [
      ["/", words.key_search],
      ["j", words.key_down],
      ["k", words.key_up],
      ["[ ←", words.key_previous],
      ["] →", words.key_next],
      ["t", words.key_theme],
      ["?", words.key_help],
    ];
    const rows = shortcuts.map(([key, what]) => {
      const names = key.split(" ").map((one) => make("kbd", {}, one));
      return make("div", {}, make("dt", {}, ...names), make("dd", {}, what));
    });
    openDialog("help", words.help, () => make("div", {}, make("h2", {}, words.help), make("dl", {}, ...rows)));
  }

  function moveBlock(step) {
    const blocks = all(".page-text .block > .block-text").filter((block) => block.getClientRects().length);
    let at = blocks.findIndex((block) => block.classList.contains("here"));
    blocks[at]?.classList.remove("here");
    if (at < 0) at = blocks.findIndex((block) => block.getBoundingClientRect().top > 60) - (step > 0 ? 1 : 0);
    const next = blocks[Math.max(0, Math.min(blocks.length - 1, at + step))];
    next?.classList.add("here");
    next?.scrollIntoView({ block: "nearest" });
  }

  const turnPage = (rel) => document.querySelector(`.turn a[rel="${rel}"]`)?.click();
  const keys = new Map([
    ["/", openSearch],
    ["?", openHelp],
    ["j", () => moveBlock(1)],
    ["k", () => moveBlock(-1)],
    ["t", nextTheme],
    ["[", () => turnPage("prev")],
    ["]", () => turnPage("next")],
    ["ArrowLeft", () => turnPage("prev")],
    ["ArrowRight", () => turnPage("next")],
  ]);

  function onKey(event) {
    if (event.key === "Escape") {
      closePreview();
      if (location.hash === "#site-nav") location.hash = "#main";
    }
    const busy = event.target.closest("input, textarea, select, [contenteditable], dialog");
    const scrolls = event.key.startsWith("Arrow") && event.target.closest("pre, table, nav, [tabindex='0']");
    if (busy || scrolls || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (!keys.has(event.key)) return;
    event.preventDefault();
    keys.get(event.key)();
  }

  // --- start ----------------------------------------------------------------------------------

  if (page.classList.contains("previewed")) {
    document.head.append(make("base", { target: "_parent" }));
    openTarget();
    return;
  }
  const tools = document.querySelector(".site-tools");
  const help = make("button", { type: "button", class: "help-open", "aria-label": words.help, title: `${words.help} (?)` }, "?");
  help.addEventListener("click", openHelp);
  tools.append(themeButton, help);
  tools.querySelector(".search-open").addEventListener("click", (event) => {
    event.preventDefault();
    openSearch();
  });
  showTheme(page.dataset.theme ?? "auto");
  prepare();
  openTarget();
  watchContents();
  showPlaceInBook();
  showProgress();
  watchReading();
  watchLinks();
  fillSearchPage();
  document.addEventListener("keydown", onKey);
  document.addEventListener("tangle:changed", () => {
    prepare();
    watchContents();
  });
  window.addEventListener("hashchange", openTarget);
})();
