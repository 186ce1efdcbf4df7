/** What the commands use of Logseq's SDK; tests give an object with these parts. */

import type { IAppProxy, IEditorProxy, IUIProxy } from "@logseq/libs/dist/LSPlugin.user";

export interface Host {
  Editor: Pick<
    IEditorProxy,
    | "checkEditing"
    | "exitEditingMode"
    | "saveFocusedCodeEditorContent"
    | "getCurrentBlock"
    | "getCurrentPage"
    | "getBlock"
    | "getPage"
    | "getPageBlocksTree"
    | "scrollToBlockInPage"
    | "insertBatchBlock"
    | "updateBlock"
    | "removeBlock"
    | "getEditingBlockContent"
    | "getEditingCursorPosition"
    | "insertAtEditingCursor"
  >;
  App: Pick<IAppProxy, "getCurrentGraph" | "checkCurrentIsDbGraph" | "pushState">;
  UI: Pick<IUIProxy, "showMsg">;
}

/** Show a message as the text that it is: Logseq evaluates one that begins with `[:` as Hiccup. */
export async function say(
  host: Pick<Host, "UI">,
  content: string,
  ...more: [status: string, options?: Parameters<IUIProxy["showMsg"]>[2]]
): Promise<void> {
  await host.UI.showMsg(/^\s*\[:/.test(content) ? `tangle: ${content}` : content, ...more);
}
