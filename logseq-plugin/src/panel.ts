/** The panel: state, running jobs, problems, a script. It is drawn in the plugin's own frame. */

import type { Problem } from "./protocol";
import type { SessionState } from "./session";
import { statusOf, statusText } from "./status";

export interface PanelActions {
  close: () => void;
  connect: () => void;
  /** Take a pasted token. */
  token: (pasted: string) => void;
  stop: (job: string) => void;
  jump: (problem: Problem) => void;
}

export interface PanelState {
  session: SessionState;
  /** What to do where there is no connection. */
  help: string;
  /** The problems of one page, where a person asked for them. */
  checked: { title: string; problems: readonly Problem[] } | null;
  script: { section: string; text: string } | null;
}

const MOST_PROBLEMS = 200;

/** A part of the panel: it is drawn again where one of its inputs is another one. */
interface Part {
  name: string;
  inputs: readonly unknown[];
  draw: () => HTMLElement[];
}

/** Draws the panel. Parts that stay the same are left alone: a person may be typing or clicking. */
export class Panel {
  private readonly drawn = new Map<string, readonly unknown[]>();

  constructor(
    private readonly root: HTMLElement,
    private readonly actions: PanelActions,
  ) {}

  draw(state: PanelState): void {
    for (const { name, inputs, draw } of parts(state, this.actions)) {
      const before = this.drawn.get(name);
      if (before?.every((one, index) => one === inputs[index])) continue;
      this.drawn.set(name, inputs);
      this.place(name).replaceChildren(...draw());
    }
  }

  private place(name: string): Element {
    const found = this.root.querySelector(`[data-part="${name}"]`);
    return found ?? this.root.appendChild(element("section", { "data-part": name }));
  }
}

function parts(state: PanelState, actions: PanelActions): Part[] {
  const { session, checked, script, help } = state;
  const connected = session.connection === "connected";
  const status = statusOf(session);
  const words = status === "running" ? status : statusText(session); // the job says where
  const where = [...session.jobs].map(([job, { place }]) => job + place).join();
  const output = [...session.jobs.values()].map((progress) => progress.output).join("");
  return [
    {
      name: "head",
      inputs: [status, words],
      draw: () => [
        element("header", {}, [
          element("h1", {}, ["tangle"]),
          element("span", { class: "state", "data-state": status }, [words]),
          button("Close", actions.close),
        ]),
      ],
    },
    {
      name: "connection",
      inputs: [connected, help],
      draw: () => (connected ? [] : connection(help, actions)),
    },
    { name: "jobs", inputs: [where], draw: () => jobs(session, actions) },
    {
      name: "output",
      inputs: [output],
      draw: () => (output === "" ? [] : [element("pre", { tabindex: "0" }, [output])]),
    },
    { name: "script", inputs: [script], draw: () => scriptParts(script) },
    {
      name: "problems",
      inputs: [checked ?? session.problems],
      draw: () =>
        checked === null
          ? problems("Problems", session.problems, actions)
          : problems(`Problems of ${checked.title}`, checked.problems, actions),
    },
    { name: "notices", inputs: [session.notices], draw: () => notices(session) },
  ];
}

function scriptParts(script: PanelState["script"]): HTMLElement[] {
  if (script === null) return [];
  return [
    element("h2", {}, [`Script of ${script.section}`]),
    element("pre", { tabindex: "0" }, [script.text]),
  ];
}

function connection(help: string, actions: PanelActions): HTMLElement[] {
  const field = element("input", {
    name: "token",
    type: "password",
    placeholder: "Token",
    "aria-label": "Token",
    autocomplete: "off",
  }) as HTMLInputElement;
  const form = element("form", { class: "row" }, [
    field,
    element("button", { type: "submit" }, ["Use this token"]),
  ]);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const pasted = field.value;
    field.value = "";
    if (pasted.trim() !== "") actions.token(pasted);
  });
  return [
    element("p", { class: "help" }, [help]),
    form,
    element("p", {}, [button("Connect", actions.connect)]),
  ];
}

function jobs({ jobs: running }: SessionState, actions: PanelActions): HTMLElement[] {
  return [...running].flatMap(([job, progress]) => [
    element("h2", {}, [`Running ${progress.what}`]),
    element("div", { class: "row" }, [
      element("span", { style: "flex:1" }, [
        progress.place === "" ? "waits" : `chunk ${progress.chunks}: ${progress.place}`,
      ]),
      button("Stop", () => actions.stop(job)),
    ]),
  ]);
}

function problems(title: string, found: readonly Problem[], actions: PanelActions): HTMLElement[] {
  if (found.length === 0) return [element("h2", {}, [title]), element("p", {}, ["None."])];
  const rows = found.slice(0, MOST_PROBLEMS).map((problem) => {
    const row = button("", () => actions.jump(problem));
    row.className = "problem";
    row.append(
      element("b", { "data-severity": problem.severity }, [problem.severity]),
      ` ${problem.message}`,
      element("small", {}, [`${problem.path}:${problem.line} [${problem.code}]`]),
      ...(problem.hint === null ? [] : [element("small", {}, [problem.hint])]),
    );
    return element("li", {}, [row]);
  });
  const more = found.length - rows.length;
  return [
    element("h2", {}, [title]),
    element("ul", {}, rows),
    ...(more > 0 ? [element("p", {}, [`and ${more} more: see \`tangle check\``])] : []),
  ];
}

function notices({ notices: said }: SessionState): HTMLElement[] {
  if (said.length === 0) return [];
  const rows = said.map((notice) => element("li", {}, [notice]));
  return [element("h2", {}, ["Notices"]), element("ul", {}, rows)];
}

function button(label: string, action: () => void): HTMLElement {
  const made = element("button", { type: "button" }, label === "" ? [] : [label]);
  made.addEventListener("click", action);
  return made;
}

/** Text is inserted as text: what notes hold is never read as HTML. */
function element(
  name: string,
  attributes: Record<string, string> = {},
  children: (Node | string)[] = [],
): HTMLElement {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
