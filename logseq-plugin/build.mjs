// Bundle the plugin into dist/, from which Logseq loads it, or into the folder that is named.
import { cp, mkdir, rm } from "node:fs/promises";
import { build } from "esbuild";

const folder = process.argv[2] ?? "dist";

await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
await build({
  entryPoints: ["src/main.ts"],
  bundle: true,
  format: "iife",
  // Electron of Logseq 0.10.
  target: "chrome108",
  outfile: `${folder}/main.js`,
  define: { "process.env.NODE_ENV": '"production"' },
  logLevel: "warning",
});
await cp("src/index.html", `${folder}/index.html`);
