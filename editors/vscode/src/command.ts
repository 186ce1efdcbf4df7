import { join } from "node:path";

const INSIDE = { win32: [".venv", "Scripts", "tangle.exe"], other: [".venv", "bin", "tangle"] } as const;

/**
 * Find the command of tangle.
 *
 * The setting counts first, then a `.venv` in a folder of the workspace, then the PATH.
 */
export function commandFor(
  setting: string,
  folders: readonly string[],
  platform: string,
  exists: (path: string) => boolean,
): string {
  const first = folders[0];
  if (setting !== "") {
    return first === undefined ? setting : setting.replaceAll("${workspaceFolder}", first);
  }
  const inside = platform === "win32" ? INSIDE.win32 : INSIDE.other;
  return folders.map((folder) => join(folder, ...inside)).find(exists) ?? "tangle";
}
