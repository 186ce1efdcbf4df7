import { existsSync } from "node:fs";
import * as vscode from "vscode";
import { LanguageClient } from "vscode-languageclient/node";

import { commandFor } from "./command";
import { registerDebugging } from "./debug";
import { FigurePanel } from "./panel";
import { lineAfter } from "./lines";
import { lensAt, sectionsOf, NOTHING, type Lens, type Title } from "./lenses";

const RUN = "tangle.run";
const TITLES: Readonly<Record<string, Title>> = {
  "tangle.runBlock": "Run",
  "tangle.runAbove": "Run above",
  "tangle.runSection": "Run section",
};

let client: LanguageClient | undefined;

function settings(): vscode.WorkspaceConfiguration {
  return vscode.workspace.getConfiguration("tangle");
}

function command(): string {
  const folders = (vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath);
  return commandFor(settings().get("command", ""), folders, process.platform, existsSync);
}

function isPage(document: vscode.TextDocument): boolean {
  return document.languageId === "markdown" && document.uri.scheme === "file";
}

/** The page in front; a message if there is none. */
function pageInFront(): vscode.TextEditor | undefined {
  const editor = vscode.window.activeTextEditor;
  if (editor !== undefined && isPage(editor.document)) {
    return editor;
  }
  void vscode.window.showWarningMessage("tangle: open a page first");
  return undefined;
}

async function lensesOf(uri: vscode.Uri): Promise<Lens[]> {
  const found = await vscode.commands.executeCommand<vscode.CodeLens[]>("vscode.executeCodeLensProvider", uri, 10000);
  return (found ?? [])
    .filter((lens) => lens.command?.command === RUN)
    .map((lens) => ({
      line: lens.range.start.line,
      title: lens.command?.title ?? "",
      what: (lens.command?.arguments ?? []) as string[],
    }));
}

/** What a lens at the cursor runs; a message if there is none. */
async function whatAtCursor(title: Title): Promise<readonly string[] | undefined> {
  const editor = pageInFront();
  if (editor === undefined) {
    return undefined;
  }
  const lens = lensAt(await lensesOf(editor.document.uri), title, editor.selection.active.line);
  if (lens === undefined) {
    void vscode.window.showWarningMessage(`tangle: ${NOTHING[title]}`);
  }
  return lens?.what;
}

async function runAtCursor(title: Title): Promise<void> {
  const what = await whatAtCursor(title);
  if (what !== undefined) {
    await vscode.commands.executeCommand(RUN, ...what);
  }
}

/** Whether pages are saved in order to run them, which does not run them again. */
let saving = false;

/** Pages that the user is saving; VS Code's own saving after a delay runs nothing. */
const savedByHand = new WeakSet<vscode.TextDocument>();

async function savePages(): Promise<void> {
  const pages = vscode.workspace.textDocuments.filter((document) => document.isDirty && isPage(document));
  saving = true;
  try {
    for (const page of pages) {
      await page.save();
    }
  } finally {
    saving = false;
  }
}

/** Read the page in front again: some file systems report no changes, and it would stay as it was. */
async function showOutputs(): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined || !isPage(editor.document) || editor.document.isDirty) {
    return;
  }
  const before = editor.document.getText().split(/\r?\n/);
  const { line, character } = editor.selection.active;
  await vscode.commands.executeCommand("workbench.action.files.revert");
  const after = editor.document.getText().split(/\r?\n/);
  const cursor = new vscode.Position(lineAfter(before, after, line), character);
  editor.selection = new vscode.Selection(cursor, cursor);
  editor.revealRange(editor.selection, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
}

function willSave(event: vscode.TextDocumentWillSaveEvent): void {
  if (event.reason === vscode.TextDocumentSaveReason.Manual && !saving) {
    savedByHand.add(event.document);
  }
}

async function runSaved(document: vscode.TextDocument): Promise<void> {
  const byHand = savedByHand.delete(document);
  if (!byHand || !isPage(document) || !settings().get("runOnSave", false)) {
    return;
  }
  const what = sectionsOf(await lensesOf(document.uri));
  if (what.length > 0) {
    await vscode.commands.executeCommand(RUN, ...what);
  }
}

function createClient(figures: FigurePanel): LanguageClient {
  const executable = { command: command(), args: ["lsp"] };
  return new LanguageClient("tangle", "tangle", executable, {
    documentSelector: [{ scheme: "file", language: "markdown" }],
    initializationOptions: { python: settings().get("python", "ty") },
    middleware: {
      // Lenses and commands come through here: outputs go into the files, so pages are saved first.
      executeCommand: async (name, args, next) => {
        if (name !== RUN) {
          return next(name, args);
        }
        await savePages();
        const result: unknown = await next(name, args);
        await showOutputs();
        if (settings().get("showFigures", true)) {
          await figures.showNew();
        }
        return result;
      },
    },
  });
}

async function start(figures: FigurePanel): Promise<void> {
  client = createClient(figures);
  try {
    await client.start();
    await vscode.commands.executeCommand("setContext", "tangle.graph", true); // buttons and keys
  } catch {
    const choice = "Open settings";
    const message = `tangle: cannot start "${command()} lsp". Name the command of tangle in your environment; it needs the extra [lsp].`;
    if ((await vscode.window.showErrorMessage(message, choice)) === choice) {
      await vscode.commands.executeCommand("workbench.action.openSettings", "tangle.command");
    }
  }
}

async function restart(figures: FigurePanel): Promise<void> {
  await deactivate();
  await start(figures);
}

async function check(): Promise<void> {
  await savePages();
  await vscode.commands.executeCommand("workbench.actions.view.problems");
}

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const figures = new FigurePanel();
  const debugging = registerDebugging(command, async () => (await whatAtCursor("Run section"))?.[0]);
  context.subscriptions.push(
    figures,
    debugging,
    ...Object.entries(TITLES).map(([name, title]) => vscode.commands.registerCommand(name, () => runAtCursor(title))),
    vscode.commands.registerCommand("tangle.runAll", () => vscode.commands.executeCommand(RUN)),
    vscode.commands.registerCommand("tangle.check", check),
    vscode.commands.registerCommand("tangle.stop", () => vscode.commands.executeCommand("tangle.cancel")),
    vscode.commands.registerCommand("tangle.showFigures", () => figures.showAll()),
    vscode.commands.registerCommand("tangle.restart", () => restart(figures)),
    vscode.workspace.onWillSaveTextDocument(willSave),
    vscode.workspace.onDidSaveTextDocument(runSaved),
    vscode.workspace.onDidChangeConfiguration(async (event) => {
      if (["tangle.command", "tangle.python"].some((name) => event.affectsConfiguration(name))) {
        await restart(figures);
      }
    }),
  );
  await start(figures);
}

export async function deactivate(): Promise<void> {
  const running = client;
  client = undefined;
  if (running?.needsStop()) {
    await running.stop();
  }
}
