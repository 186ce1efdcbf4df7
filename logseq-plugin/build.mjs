// Bundle the plugin into dist/, from which Logseq loads it.
import { cp, mkdir, rm } from "node:fs/promises";
import { build } from "esbuild";

await rm("dist", { recursive: true, force: true });
await mkdir("dist");
await build({
  entryPoints: ["src/main.ts"],
  bundle: true,
  format: "iife",
  // Electron of Logseq 0.10.
  target: "chrome108",
  outfile: "dist/main.js",
  define: { "process.env.NODE_ENV": '"production"' },
  logLevel: "warning",
});
await cp("src/index.html", "dist/index.html");
