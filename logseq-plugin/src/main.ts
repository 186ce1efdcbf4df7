/** The plugin: Logseq's menus, toolbar and settings, connected with the session. */

import "@logseq/libs";
import { Commands } from "./commands";
import { say } from "./host";
import { Notes } from "./notes";
import { Panel, type PanelState } from "./panel";
import { buttonTemplate, MACRO_NAME } from "./run_button";
import { Session, type SessionState } from "./session";
import { accessOf, pastedToken, SCHEMA } from "./settings";
import { statusOf, toolbarTemplate } from "./status";

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

function main(): void {
  const root = document.getElementById("panel") as HTMLElement;
  const session = new Session(accessOf(logseq.settings), {
    changed: (state) => show(state),
    written: (pages) => void commands.takeUp(pages),
  });
  const notes = new Notes(logseq, () => session.server);
  const shown: PanelState = { session: session.state, help: "", checked: null, script: null };
  const commands = new Commands(
    logseq,
    notes,
    session,
    {
      problems: (title, problems) => open({ checked: { title, problems } }),
      script: (section, text) => open({ script: { section, text } }),
      failure: () => {
        if (logseq.settings?.["openPanel"] !== false) open({ checked: null });
      },
    },
    () => logseq.settings?.["databaseResults"] === true,
  );

  const panel = new Panel(root, {
    close: () => logseq.hideMainUI(),
    connect: () => session.use(accessOf(logseq.settings)),
    token: (pasted) => logseq.updateSettings({ token: pastedToken(pasted) }),
    stop: (job) => void commands.stop(job),
    jump: (problem) => {
      logseq.hideMainUI();
      void commands.jump(problem.path, problem.line);
    },
  });

  function open(facts: Partial<PanelState>): void {
    Object.assign(shown, facts);
    panel.draw(shown);
    logseq.showMainUI({ autoFocus: false });
  }

  let button = "";
  function show(state: SessionState): void {
    const before = shown.session;
    shown.session = state;
    if (state.problems !== before.problems) shown.checked = null;
    const template = toolbarTemplate(state);
    if (template !== button) {
      button = template;
      logseq.App.registerUIItem("toolbar", { key: "tangle-state", template });
    }
    if (state.connection !== before.connection) void lost(state);
    if (state.graph !== before.graph) void commands.compareGraphs(state.graph);
    panel.draw(shown);
  }

  /** Say once what is wrong when the connection is lost, or there is none. */
  async function lost(state: SessionState): Promise<void> {
    if (state.connection === "connected" || state.connection === "connecting") return;
    shown.help = await commands.explanation(session.failure);
    panel.draw(shown);
    if (statusOf(session.state) !== statusOf(state)) return;
    await say(logseq, shown.help, "warning", { key: "tangle-connection", timeout: 15_000 });
  }

  logseq.provideModel({
    tangleTogglePanel: () => {
      shown.checked = null;
      panel.draw(shown);
      logseq.toggleMainUI();
    },
    tangleRunHere: ({ dataset }: { dataset: { uuid: string } }) =>
      void commands.runHere(dataset.uuid),
  });
  logseq.App.onMacroRendererSlotted(({ slot, payload: { arguments: [name], uuid } }) => {
    if (name !== MACRO_NAME) return;
    const template = buttonTemplate(uuid, "tangleRunHere");
    logseq.provideUI({ key: `run-${slot}`, slot, reset: true, template });
  });
  logseq.setMainUIInlineStyle(PANEL_STYLE);
  registerCommands(commands);
  logseq.onSettingsChanged(() => {
    const { port, token } = accessOf(logseq.settings);
    const { access } = session.server;
    if (port !== access.port || token !== access.token) session.use({ port, token });
  });
  logseq.App.onCurrentGraphChanged(() => session.use(accessOf(logseq.settings)));
  logseq.App.onThemeModeChanged(({ mode }) => setMode(mode));
  void logseq.App.getUserConfigs().then((configs) => setMode(configs.preferredThemeMode));
  logseq.beforeunload(async () => session.stop());
  show(session.state);
  session.start();
}

function setMode(mode: string): void {
  document.documentElement.dataset["mode"] = mode;
}

type Action = (uuid: string) => Promise<void>;

function registerCommands(commands: Commands): void {
  const ofBlock: [string, Action][] = [
    ["Run block", (uuid) => commands.runBlock(uuid, { fresh: false })],
    ["Run block and what it needs", (uuid) => commands.runBlock(uuid, { fresh: true })],
    ["Run section", (uuid) => commands.runSection(uuid)],
    ["Run page", (uuid) => commands.runPageOf(uuid)],
    ["Check page", (uuid) => commands.checkBlock(uuid)],
    ["Show script", (uuid) => commands.showScript(uuid)],
  ];
  // In the palette these are about the page that is shown, whether a block is selected or not.
  const ofPage: Record<string, () => Promise<void>> = {
    "Run page": () => commands.onCurrentPage((title) => commands.runPage(title)),
    "Check page": () => commands.onCurrentPage((title) => commands.checkPage(title)),
  };
  for (const [label, action] of ofBlock) {
    logseq.Editor.registerSlashCommand(`tangle: ${label}`, ({ uuid }) => action(uuid));
    logseq.Editor.registerBlockContextMenuItem(`tangle: ${label}`, ({ uuid }) => action(uuid));
    logseq.App.registerCommandPalette(
      {
        key: `tangle-${label.toLowerCase().replace(/ /g, "-")}`,
        label: `tangle: ${label}`,
        ...(label === "Run block"
          ? { keybinding: { mode: "global" as const, binding: "mod+alt+enter" } }
          : {}),
      },
      () => void (ofPage[label] ?? (() => commands.onCurrentBlock(action)))(),
    );
  }
  logseq.Editor.registerSlashCommand("tangle: Insert run button", () => commands.insertRunButton());
  logseq.App.registerPageMenuItem("tangle: Run page", ({ page }) => void commands.runPage(page));
  logseq.App.registerPageMenuItem(
    "tangle: Check page",
    ({ page }) => void commands.checkPage(page),
  );
}

logseq.useSettingsSchema(SCHEMA);
logseq.ready(main).catch(console.error);
