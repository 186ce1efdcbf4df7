/** What a person sets. */

import type { Access } from "./client";

export const DEFAULT_PORT = 8470;

export const SCHEMA = [
  {
    key: "port",
    type: "number" as const,
    default: DEFAULT_PORT,
    title: "Port",
    description: "The port of `tangle serve`, which prints it when it starts.",
  },
  {
    key: "token",
    type: "string" as const,
    default: "",
    title: "Token",
    description:
      "Paste the token that `tangle serve` prints. It is different after each start of the server.",
  },
  {
    key: "openPanel",
    type: "boolean" as const,
    default: true,
    title: "Open the panel when code fails",
    description: "Otherwise only a message says so.",
  },
  {
    key: "databaseResults",
    type: "boolean" as const,
    default: false,
    title: "Write results into graphs in a database (experimental)",
    description:
      "The server reads Logseq's Markdown mirror of the graph, and the plugin inserts what it reports.",
  },
];

/** Return port and token; a port that cannot be one counts as the usual one. */
export function accessOf(settings: Record<string, unknown> | undefined): Access {
  const port = Number(settings?.["port"]);
  return {
    port: Number.isInteger(port) && port > 0 && port < 65_536 ? port : DEFAULT_PORT,
    token: pastedToken(settings?.["token"]),
  };
}

/** Return the token in what was pasted: the token, or the line that the server prints. */
export function pastedToken(pasted: unknown): string {
  return typeof pasted === "string" ? (pasted.trim().split(/\s+/).pop() ?? "") : "";
}

/** Return the command that starts a server. */
export function startCommand(port: number, graph: string | undefined): string {
  const where = graph === undefined ? "" : ` --graph ${quoted(graph)}`;
  return `tangle${where} serve${port === DEFAULT_PORT ? "" : ` --port ${port}`}`;
}

function quoted(path: string): string {
  return /^[\w./:\\-]+$/.test(path) ? path : `"${path.replace(/(["$`])/g, "\\$1")}"`;
}
