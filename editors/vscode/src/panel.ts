import * as vscode from "vscode";

import { figuresIn, figuresPage, fromLine, pathOf } from "./figures";

/** Shows the figures of the page in front, beside it. */
export class FigurePanel implements vscode.Disposable {
  private panel: vscode.WebviewPanel | undefined;

  dispose(): void {
    this.panel?.dispose();
  }

  /** Show the figures of the page in front, where it has some; used after a run. */
  async showNew(): Promise<void> {
    await this.show(false);
  }

  /** Show the figures of the page in front; a message where it has none. */
  async showAll(): Promise<void> {
    if (!(await this.show(true))) {
      void vscode.window.showInformationMessage("tangle: this page has no figures among its outputs");
    }
  }

  private async show(asked: boolean): Promise<boolean> {
    const editor = vscode.window.activeTextEditor;
    const page = editor?.document;
    if (editor === undefined || page?.languageId !== "markdown") {
      return false;
    }
    // The file, as the editor may not have read it since the run wrote into it.
    const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(page.uri));
    const figures = fromLine(figuresIn(text), editor.selection.active.line);
    if (figures.length === 0) {
      return false;
    }
    const folder = vscode.Uri.joinPath(page.uri, "..");
    const { webview } = this.opened(vscode.Uri.joinPath(folder, "..", "assets"), asked);
    const version = Date.now(); // a figure keeps its name when it changes
    const shown = figures.map(({ title, link }) => {
      const file = webview.asWebviewUri(vscode.Uri.joinPath(folder, pathOf(link)));
      return { title, address: file.with({ query: `v=${version}` }).toString() };
    });
    webview.html = figuresPage(shown, webview.cspSource);
    return true;
  }

  private opened(assets: vscode.Uri, asked: boolean): vscode.WebviewPanel {
    const options = { localResourceRoots: [assets] };
    if (this.panel !== undefined) {
      this.panel.webview.options = options;
      if (asked) {
        this.panel.reveal(undefined, true);
      }
      return this.panel;
    }
    const beside = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
    this.panel = vscode.window.createWebviewPanel("tangle.figures", "Figures", beside, options);
    this.panel.onDidDispose(() => (this.panel = undefined));
    return this.panel;
  }
}
