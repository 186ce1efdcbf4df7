/** What a person sees of the plugin: the button in the toolbar and the panel. */

import type { ILSPluginUser } from "@logseq/libs/dist/LSPlugin.user";
import type { Shown } from "./commands";
import { Panel, type PanelActions, type PanelState } from "./panel";
import type { Problem } from "./protocol";
import type { SessionState } from "./session";
import { toolbarTemplate } from "./status";

const PANEL_STYLE = {
  position: "fixed",
  top: "48px",
  right: "0",
  bottom: "0",
  left: "auto",
  width: "min(440px, 90vw)",
  height: "auto",
  zIndex: "11",
} as const;

/** What the panel shows only after a person has asked for it. */
const NOTHING_ASKED = { checked: null, script: null };

export class Display implements Shown {
  private readonly panel: Panel;
  private state: PanelState;
  private button = "";

  constructor(
    private readonly logseq: ILSPluginUser,
    root: HTMLElement,
    actions: Omit<PanelActions, "close">,
    session: SessionState,
  ) {
    this.panel = new Panel(root, { ...actions, close: () => logseq.hideMainUI() });
    this.state = { session, help: "", ...NOTHING_ASKED };
    logseq.setMainUIInlineStyle(PANEL_STYLE);
  }

  session(session: SessionState): void {
    const isSame = session.problems === this.state.session.problems;
    this.draw({ session, ...(isSame ? {} : { checked: null }) });
    const template = toolbarTemplate(session);
    if (template === this.button) return;
    this.button = template;
    this.logseq.App.registerUIItem("toolbar", { key: "tangle-state", template });
  }

  help(help: string): void {
    this.draw({ help });
  }

  toggle(): void {
    this.draw(NOTHING_ASKED);
    this.logseq.toggleMainUI();
  }

  problems(title: string, problems: readonly Problem[]): void {
    this.open({ checked: { title, problems } });
  }

  script(section: string, text: string): void {
    this.open({ script: { section, text } });
  }

  failure(): void {
    if (this.logseq.settings?.["openPanel"] !== false) this.open({});
  }

  private open(asked: Partial<PanelState>): void {
    this.draw({ ...NOTHING_ASKED, ...asked });
    this.logseq.showMainUI({ autoFocus: false });
  }

  private draw(facts: Partial<PanelState>): void {
    this.state = { ...this.state, ...facts };
    this.panel.draw(this.state);
  }
}
