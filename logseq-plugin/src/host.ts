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
  >;
  App: Pick<IAppProxy, "getCurrentGraph" | "checkCurrentIsDbGraph" | "pushState">;
  UI: Pick<IUIProxy, "showMsg">;
}
