import { spawn, type ChildProcess } from "node:child_process";
import { dirname } from "node:path";
import * as vscode from "vscode";

import { addressIn, type Address } from "./address";

const PATIENCE = 60_000;
const GRACE = 2_000;

/** Start `tangle debug` and wait until it listens; what the code prints goes to the debug console. */
function launch(command: string, args: string[], cwd: string): Promise<[Address, ChildProcess]> {
  return new Promise((resolve, reject) => {
    const process = spawn(command, args, { cwd });
    let written = "";
    const timer = setTimeout(() => {
      process.kill();
      reject(new Error(`tangle debug does not listen after ${PATIENCE / 1000} seconds`));
    }, PATIENCE);
    const fail = (reason: string): void => {
      clearTimeout(timer);
      reject(new Error(written.trim() || reason));
    };
    process.stdout.setEncoding("utf8").on("data", (text: string) => vscode.debug.activeDebugConsole.append(text));
    process.stderr.setEncoding("utf8").on("data", (text: string) => {
      written += text;
      vscode.debug.activeDebugConsole.append(text);
      const address = addressIn(written);
      if (address !== undefined) {
        clearTimeout(timer);
        resolve([address, process]);
      }
    });
    process.on("error", (error) => fail(error.message));
    process.on("exit", (code) => fail(`tangle debug ended with ${code}`));
  });
}

interface Configuration extends vscode.DebugConfiguration {
  readonly what?: string;
  readonly device?: string;
  readonly connect?: Address;
}

/** Makes a launch a session that listens, and an attachment to it. */
class Debugging implements vscode.DebugConfigurationProvider, vscode.DebugAdapterDescriptorFactory, vscode.Disposable {
  private readonly processes = new Map<number, ChildProcess>();

  constructor(
    private readonly command: () => string,
    private readonly sectionAtCursor: () => Promise<string | undefined>,
  ) {}

  dispose(): void {
    this.processes.forEach((process) => process.kill());
  }

  resolveDebugConfiguration(_folder: vscode.WorkspaceFolder | undefined, given: Configuration): Configuration {
    // Without a launch.json there is nothing in it: the section at the cursor is debugged.
    return given.type ? given : { ...given, type: "tangle", request: "launch", name: "tangle: section at the cursor" };
  }

  async resolveDebugConfigurationWithSubstitutedVariables(
    folder: vscode.WorkspaceFolder | undefined,
    given: Configuration,
  ): Promise<Configuration | undefined> {
    const common = { justMyCode: true, ...given };
    if (given.request === "attach") {
      return common;
    }
    const what = given.what ?? (await this.sectionAtCursor());
    if (what === undefined) {
      return undefined;
    }
    const args = ["debug", what, "--listen", "127.0.0.1:0", "--wait"];
    if (given.device !== undefined) {
      args.push("--device", given.device);
    }
    const page = vscode.window.activeTextEditor?.document.uri;
    const cwd = page?.scheme === "file" ? dirname(page.fsPath) : (folder?.uri.fsPath ?? ".");
    const [connect, process] = await launch(this.command(), args, cwd);
    this.processes.set(connect.port, process);
    return { ...common, request: "attach", connect };
  }

  createDebugAdapterDescriptor(session: vscode.DebugSession): vscode.DebugAdapterDescriptor {
    const { connect } = session.configuration as Configuration;
    return new vscode.DebugAdapterServer(connect?.port ?? 5678, connect?.host ?? "127.0.0.1");
  }

  ended(session: vscode.DebugSession): void {
    const { connect } = session.configuration as Configuration;
    const process = connect && this.processes.get(connect.port);
    if (process !== undefined && connect !== undefined) {
      this.processes.delete(connect.port);
      // Code that has ended has its last output written; code that was disconnected from is ended.
      setTimeout(() => process.kill(), GRACE);
    }
  }
}

/** Register the debug type `tangle`, and the command that debugs the section at the cursor. */
export function registerDebugging(
  command: () => string,
  sectionAtCursor: () => Promise<string | undefined>,
): vscode.Disposable {
  const debugging = new Debugging(command, sectionAtCursor);
  return vscode.Disposable.from(
    debugging,
    vscode.debug.registerDebugConfigurationProvider("tangle", debugging),
    vscode.debug.registerDebugAdapterDescriptorFactory("tangle", debugging),
    vscode.debug.onDidTerminateDebugSession((session) => {
      if (session.type === "tangle") {
        debugging.ended(session);
      }
    }),
    vscode.commands.registerCommand("tangle.debugSection", async () => {
      const what = await sectionAtCursor();
      if (what !== undefined) {
        const configuration = { type: "tangle", request: "launch", name: `tangle: ${what}`, what };
        await vscode.debug.startDebugging(undefined, configuration);
      }
    }),
  );
}
