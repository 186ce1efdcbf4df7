// A page that does what the plugin needs of Logseq: it loads the plugin in a frame of another origin,
// speaks the SDK's protocol with it, and keeps the pages of a graph of files: it reads them, saves
// them a while after an edit, and reads them again when they change.
"use strict";

const PLUGIN = "logseq-tangle";
const MACRO = "macro-renderer-slotted";
const TYPE = "application/x-postmate-v1+json";
const query = new URLSearchParams(location.search);

const host = {
  settings: { disabled: false, ...JSON.parse(query.get("settings") ?? "{}") },
  graph: { name: "graph", url: "logseq_local_graph", path: query.get("graph") },
  database: query.has("database"),
  pages: new Map(), // by title
  current: query.get("page"),
  editing: null,
  selected: null,
  saveAfter: Number(query.get("save") ?? 400),
  watching: true,
  hooks: [],
  slash: new Map(),
  menu: new Map(), // of blocks
  pageMenu: new Map(),
  palette: new Map(),
  messages: [],
  schema: null,
};

document.documentElement.classList.toggle("dark", query.get("mode") === "dark");

// --- pages: the outline of a file -----------------------------------------------------------------

function parsed(text, before) {
  const roots = [];
  const stack = [];
  for (const line of text.split("\n")) {
    const bullet = /^(\t*)- ?(.*)$/.exec(line);
    if (bullet && !(stack.length && openFence(stack.at(-1)))) {
      const level = bullet[1].length;
      stack.length = Math.min(stack.length, level);
      const block = { content: bullet[2], children: [] };
      (stack.length ? stack.at(-1).children : roots).push(block);
      stack.push(block);
    } else if (stack.length) {
      const indent = stack.length - 1;
      stack.at(-1).content += "\n" + line.replace(new RegExp(`^\t{0,${indent}} {0,2}`), "");
    }
  }
  const known = flat(before);
  for (const block of flat(roots)) {
    block.content = block.content.replace(/\s+$/, "");
    const id = /^id:: (.*)$/m.exec(block.content)?.[1];
    const at = known.findIndex((one) => one.content === block.content);
    block.uuid = id ?? (at < 0 ? crypto.randomUUID() : known.splice(at, 1)[0].uuid);
  }
  return roots;
}

function openFence(block) {
  return (block.content.match(/^```/gm) ?? []).length % 2 === 1;
}

function unfenced(content) {
  return /^```/.test(content) ? content.split("\n").slice(1, -1).join("\n") : content;
}

function flat(blocks) {
  return blocks.flatMap((block) => [block, ...flat(block.children)]);
}

function rendered(blocks, level = 0) {
  return blocks
    .map((block) => {
      const indent = "\t".repeat(level);
      const lines = block.content.split("\n").map((line) => (line ? `${indent}  ${line}` : ""));
      const first = `${indent}- ${lines[0].trim()}`;
      return [first, ...lines.slice(1)].join("\n") + "\n" + rendered(block.children, level + 1);
    })
    .join("");
}

async function read(title) {
  const answer = await fetch(`/graph/pages/${encodeURIComponent(title)}.md`, { cache: "no-store" });
  if (!answer.ok) return;
  const text = await answer.text();
  const page = host.pages.get(title);
  if (page && (host.database || page.text === text || page.unsaved || host.editing)) return;
  const tree = parsed(text, page?.tree ?? []);
  // In a database a block of code is its code alone.
  if (host.database) for (const block of flat(tree)) block.content = unfenced(block.content);
  host.pages.set(title, { id: page?.id ?? host.pages.size + 1, title, text, tree, unsaved: false });
  draw();
}

function save(page) {
  page.unsaved = true;
  setTimeout(async () => {
    page.text = rendered(page.tree);
    await fetch(`/graph/pages/${encodeURIComponent(page.title)}.md`, {
      method: "PUT",
      body: page.text,
    });
    page.unsaved = false;
  }, host.saveAfter);
}

setInterval(() => {
  if (host.watching) for (const title of host.pages.keys()) void read(title);
}, 150);

function found(uuid) {
  for (const page of host.pages.values()) {
    const block = flat(page.tree).find((one) => one.uuid === uuid);
    if (block) return [page, block];
  }
  return [null, null];
}

// --- what the SDK calls -----------------------------------------------------------------------------

function entity(page, block) {
  return {
    id: 0,
    uuid: block.uuid,
    content: block.content,
    page: { id: page.id },
    format: "markdown",
  };
}

function treeEntity(page, block) {
  return { ...entity(page, block), children: block.children.map((one) => treeEntity(page, one)) };
}

function pageEntity(page) {
  return (
    page && {
      id: page.id,
      uuid: `page-${page.id}`,
      name: page.title.toLowerCase(),
      originalName: page.title,
    }
  );
}

function leaveEditing() {
  const editing = host.editing;
  host.editing = null;
  if (!editing) return;
  const [page, block] = found(editing.uuid);
  const text = document.querySelector("textarea").value;
  if (text !== block.content) {
    block.content = text;
    save(page);
  }
  draw();
}

const api = {
  setsdkmetadata: () => null,
  installpluginhook: (_, hook) => {
    host.hooks.push(hook);
    draw(); // Logseq loads its plugins before it shows a page
  },
  getuserconfigs: () => ({ preferredThemeMode: query.get("mode") ?? "light" }),
  getcurrentgraph: () => host.graph,
  checkcurrentisdbgraph: () => host.database,
  checkediting: () => host.editing?.uuid ?? false,
  exiteditingmode: leaveEditing,
  savefocusedcodeeditorcontent: () => null,
  geteditingblockcontent: () => document.querySelector("textarea").value,
  geteditingcursorposition: () => ({ pos: document.querySelector("textarea").selectionStart }),
  insertateditingcursor: (text) => {
    const input = document.querySelector("textarea");
    input.setRangeText(text, input.selectionStart, input.selectionEnd, "end");
  },
  getcurrentblock: () => {
    const [page, block] = found(host.editing?.uuid ?? host.selected);
    return block && entity(page, block);
  },
  getcurrentpage: () => pageEntity(host.pages.get(host.current)) ?? null,
  getblock: (uuid) => {
    const [page, block] = found(uuid);
    return block && entity(page, block);
  },
  getpage: (id) => pageEntity([...host.pages.values()].find((page) => page.id === id)) ?? null,
  getpageblockstree: (title) => {
    const page = host.pages.get(title);
    return page ? page.tree.map((block) => treeEntity(page, block)) : null;
  },
  pushstate: async (_, { name }, anchor) => {
    host.current = name;
    await read(name);
    host.selected = anchor?.anchor?.replace("block-content-", "") ?? null;
    draw();
  },
  insertbatchblock: (uuid, batch, { sibling, keepUUID }) => {
    const [page, block] = found(uuid);
    const made = batch.map(({ content, properties }) => ({
      content,
      uuid: keepUUID ? properties.id : crypto.randomUUID(),
      children: [],
    }));
    const parent = flat(page.tree).find((one) => one.children.includes(block));
    const list = sibling ? (parent?.children ?? page.tree) : block.children;
    list.splice(sibling ? list.indexOf(block) + 1 : 0, 0, ...made);
    draw();
  },
  updateblock: (uuid, content) => {
    found(uuid)[1].content = content;
    draw();
  },
  removeblock: (uuid) => {
    const [page, block] = found(uuid);
    for (const one of [{ children: page.tree }, ...flat(page.tree)]) {
      one.children = one.children.filter((child) => child !== block);
    }
    draw();
  },
  uishowmsg: (content, status = "info") => {
    host.messages.push({ content, status });
    const shown = document.createElement("p");
    shown.className = status;
    shown.textContent = content;
    document.getElementById("messages").append(shown);
    setTimeout(() => shown.remove(), 6000);
    return "message";
  },
  registerpluginslashcommand: (_, [label, actions]) =>
    void host.slash.set(label, actions.at(-1)[1]),
  registerpluginsimplecommand: (_, [command, [, event]], palette) => {
    if (palette) host.palette.set(command.label, { event, keybinding: command.keybinding });
    else if (command.type === "block-context-menu-item") host.menu.set(command.label, event);
    else host.pageMenu.set(command.label, event);
  },
  registerpluginuiitem: (_, type, { template }) => {
    document.getElementById("plugin-item")?.remove();
    inject(document.getElementById("toolbar"), "plugin-item", template);
  },
};

// What a plugin draws in Logseq's page: a click calls a function of the plugin's model.
function inject(target, key, template) {
  const item = document.createElement("span");
  item.id = key;
  item.innerHTML = template;
  item.addEventListener("click", ({ target: clicked, type }) => {
    const part = clicked.closest("[data-on-click]");
    if (part) toPlugin("call", part.dataset.onClick, { type, dataset: { ...part.dataset } });
  });
  target?.append(item);
}

const messages = {
  "api:call": async ({ method, args, _sync }) => {
    const name = method.replace(/[^a-z]/gi, "").toLowerCase();
    let result;
    if (name in api) result = await api[name](...args);
    else result = { "#lspmsg#error#": `Not existed method #${method}` };
    if (_sync) toPlugin("call", "#lspmsg#reply#", { _sync, result: result ?? null });
  },
  "main-ui:visible": ({ visible }) => frame.classList.toggle("shown", visible),
  "main-ui:style": (style) => Object.assign(frame.style, style),
  "provider:ui": ({ slot, key, template }) => inject(document.getElementById(slot), key, template),
  "settings:schema": ({ schema }) => void (host.schema = schema),
  "settings:update": (attrs) => set(attrs),
};

// --- the frame, and the handshake ------------------------------------------------------------------

const frame = document.getElementById("frame");
const child = document.createElement("iframe");
const plugin = new URL(query.get("plugin"));
let shaken = false;

function toPlugin(postmate, property, data) {
  child.contentWindow.postMessage({ postmate, type: TYPE, property, data }, plugin.origin);
}

addEventListener("message", ({ source, origin, data }) => {
  if (source !== child.contentWindow || origin !== plugin.origin || data.type !== TYPE) return;
  if (data.postmate === "handshake-reply" && !shaken) {
    shaken = true;
    toPlugin("call", "#lspmsg#ready#", { pid: PLUGIN });
  } else if (data.postmate === "emit" && data.value.name === `#lspmsg#${PLUGIN}`) {
    const { type, payload } = data.value.data;
    if (!(type in messages)) throw new Error(`the host does not know ${type}`);
    void messages[type](payload);
  }
});

child.addEventListener("load", () => {
  const baseInfo = {
    id: PLUGIN,
    name: "tangle",
    mode: "iframe",
    effect: false,
    iir: true,
    settings: host.settings,
  };
  child.contentWindow.postMessage(
    { postmate: "handshake", type: TYPE, model: { baseInfo } },
    plugin.origin,
  );
});

function hookOf(of, event) {
  const plain = (text) => text.replace(/[^a-z0-9]/gi, "").toLowerCase();
  return host.hooks.find((one) => plain(one) === plain(`hook:${of}:${event}`));
}

function emit(event, payload, of = "editor") {
  const hook = hookOf(of, event);
  if (!hook) throw new Error(`no hook of ${event}`);
  const at = hook.lastIndexOf(":");
  toPlugin("call", "#lspmsg#", { ns: hook.slice(0, at), type: hook.slice(at + 1), payload });
}

// --- what a person does, for tests -----------------------------------------------------------------

function set(attrs) {
  Object.assign(host.settings, attrs);
  toPlugin("call", "#lspmsg#settings#", { type: "settings:changed", payload: attrs });
}

function uuidOf(text) {
  const page = host.pages.get(host.current);
  return flat(page.tree).find((block) => block.content.includes(text)).uuid;
}

function edit(text) {
  host.editing = { uuid: uuidOf(text) };
  draw();
}

const slash = (label, text) => emit(host.slash.get(label), { uuid: uuidOf(text) });
const palette = (label) => emit(host.palette.get(label).event, {});

// --- the view ---------------------------------------------------------------------------------------

function draw() {
  document.querySelector("#toolbar b").textContent = host.current;
  const page = host.pages.get(host.current);
  document.getElementById("page").replaceChildren(...(page?.tree ?? []).map(view));
}

function view(block) {
  const shown = document.createElement("div");
  shown.className = "block" + (host.selected === block.uuid ? " anchored" : "");
  shown.dataset.uuid = block.uuid;
  const dot = document.createElement("button");
  dot.className = "dot";
  dot.title = "Menu";
  dot.addEventListener("click", () => openMenu(dot, block.uuid));
  const editing = host.editing?.uuid === block.uuid;
  const content = block.content.replace(/^(tangle\.output|id)::.*\n?/gm, "");
  const code = content.includes("```");
  const body = document.createElement(editing ? "textarea" : code ? "pre" : "div");
  if (editing) body.value = block.content;
  else
    body.textContent = content
      .replace(/^```.*\n?|\{\{renderer.*?\}\}/gm, "")
      .replace(/^#+ /, "")
      .trim();
  const macros = editing ? [] : [...block.content.matchAll(/\{\{renderer ?(.*?)\}\}/g)];
  const slots = macros.map(([, text]) => slotOf(block.uuid, text ? text.split(/, */) : null));
  shown.append(dot, ...slots, body, ...block.children.map(view));
  return shown;
}

// Logseq asks the plugins to fill the place of a macro a moment after it has drawn it.
function slotOf(uuid, names) {
  const made = document.createElement("span");
  made.id = `slot__${crypto.randomUUID()}`;
  const payload = { arguments: names, uuid };
  setTimeout(() => {
    if (hookOf("app", MACRO)) emit(MACRO, { slot: made.id, payload }, "app");
  }, 50);
  return made;
}

function openMenu(dot, uuid) {
  const menu = document.getElementById("menu");
  menu.replaceChildren(
    ...[...host.menu].map(([label, event]) => {
      const item = document.createElement("button");
      item.textContent = label;
      item.addEventListener("click", () => {
        menu.hidden = true;
        emit(event, { uuid });
      });
      return item;
    }),
  );
  const box = dot.getBoundingClientRect();
  Object.assign(menu.style, { left: `${box.right + 6}px`, top: `${box.top + scrollY}px` });
  menu.hidden = false;
}

void Promise.all(JSON.parse(query.get("pages")).map(read)).then(() => {
  child.src = plugin.href;
  frame.append(child);
});
