/** The state that the toolbar and the panel show. */

import { escaped } from "./html";
import type { SessionState } from "./session";

export type Status =
  "connecting" | "connected" | "running" | "problems" | "offline" | "unauthorized" | "refused";

export function statusOf(state: SessionState): Status {
  if (state.connection !== "connected") return state.connection;
  if (state.jobs.size > 0) return "running";
  return state.problems.length > 0 ? "problems" : "connected";
}

/** Return the state in words. */
export function statusText(state: SessionState): string {
  switch (statusOf(state)) {
    case "connecting":
      return "connecting";
    case "connected":
      return "connected";
    case "running": {
      const [job] = [...state.jobs.values()].filter((one) => one.place !== "");
      return job === undefined ? "running" : `running ${job.place}`;
    }
    case "problems":
      return state.problems.length === 1 ? "one problem" : `${state.problems.length} problems`;
    case "offline":
      return "no server";
    case "unauthorized":
      return "token not valid";
    case "refused":
      return "refused";
  }
}

const COLOURS: Record<Status, string> = {
  connecting: "#8a97a0",
  connected: "#2a9d58",
  running: "#2f8fbf",
  problems: "#d99a1c",
  offline: "#8a97a0",
  unauthorized: "#d0453b",
  refused: "#d0453b",
};

/** Return the toolbar's button: a dot in the state's colour, the state as its title. */
export function toolbarTemplate(state: SessionState): string {
  const status = statusOf(state);
  const count =
    status === "problems" ? `<small style="margin-left:4px">${state.problems.length}</small>` : "";
  return (
    `<a class="button" data-on-click="tangleTogglePanel" data-state="${status}" ` +
    `title="tangle: ${escaped(statusText(state))}" aria-label="tangle: ${escaped(statusText(state))}">` +
    '<svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true">' +
    '<path d="M3 4h9M7.5 4v10" stroke="currentColor" stroke-width="2" stroke-linecap="round"/>' +
    `<circle cx="13.5" cy="12.5" r="3.5" fill="${COLOURS[status]}"/></svg>${count}</a>`
  );
}
