/** The plugin: Logseq's menus, settings and buttons, connected with the session. */

import "@logseq/libs";
import { Commands } from "./commands";
import { Display } from "./display";
import { say } from "./host";
import { Notes } from "./notes";
import { buttonTemplate, MACRO_NAME } from "./run_button";
import { isLost, Session, type SessionState } from "./session";
import { accessOf, pastedToken, SCHEMA } from "./settings";
import { statusOf } from "./status";

function main(): void {
  const session = new Session(accessOf(logseq.settings), {
    changed: (state, before) => changed(state, before),
    written: (pages) => void commands.takeUp(pages),
  });
  const display = new Display(
    logseq,
    document.getElementById("panel") as HTMLElement,
    {
      connect: () => session.use(accessOf(logseq.settings)),
      token: (pasted) => logseq.updateSettings({ token: pastedToken(pasted) }),
      stop: (job) => void commands.stop(job),
      jump: ({ path, line }) => {
        logseq.hideMainUI();
        void commands.jump(path, line);
      },
    },
    session.state,
  );
  const notes = new Notes(logseq, () => session.server);
  const mayWrite = (): boolean => logseq.settings?.["databaseResults"] === true;
  const commands = new Commands(logseq, notes, session, display, mayWrite);

  function changed(state: SessionState, before: SessionState): void {
    display.session(state);
    if (state.connection !== before.connection && isLost(state.connection)) void lost(state);
    if (state.graph !== before.graph) void commands.compareGraphs(state.graph);
  }

  /** Say once what is wrong. */
  async function lost(state: SessionState): Promise<void> {
    const help = await commands.explanation(session.failure);
    display.help(help);
    if (statusOf(session.state) !== statusOf(state)) return;
    await say(logseq, help, "warning", { key: "tangle-connection", timeout: 15_000 });
  }

  registerCommands(commands);
  registerButtons(commands, display);
  followLogseq(session);
  display.session(session.state);
  session.start();
}

/** Connect again where Logseq's settings or its graph are others, and follow its theme. */
function followLogseq(session: Session): void {
  logseq.onSettingsChanged(() => {
    const { port, token } = accessOf(logseq.settings);
    const { access } = session.server;
    if (port !== access.port || token !== access.token) session.use({ port, token });
  });
  logseq.App.onCurrentGraphChanged(() => session.use(accessOf(logseq.settings)));
  logseq.App.onThemeModeChanged(({ mode }) => setMode(mode));
  void logseq.App.getUserConfigs().then((configs) => setMode(configs.preferredThemeMode));
  logseq.beforeunload(async () => session.stop());
}

function setMode(mode: string): void {
  document.documentElement.dataset["mode"] = mode;
}

/** The names of functions that clicks in Logseq's own page call stand in the buttons' HTML. */
function registerButtons(commands: Commands, display: Display): void {
  logseq.provideModel({
    tangleTogglePanel: () => display.toggle(),
    tangleRunHere: ({ dataset }: { dataset: { uuid: string } }) =>
      void commands.runHere(dataset.uuid),
  });
  logseq.App.onMacroRendererSlotted(({ slot, payload }) => {
    if (payload.arguments?.[0] !== MACRO_NAME) return; // a macro may have no arguments
    const template = buttonTemplate(payload.uuid);
    logseq.provideUI({ key: `run-${slot}`, slot, reset: true, template });
  });
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
