/** Builds the extension and the page of its sidebar into dist/. */

import { build, context } from "esbuild";

const watch = process.argv.includes("--watch");
const production = process.argv.includes("--production");

const common = {
  bundle: true,
  minify: production,
  sourcemap: production ? false : "linked",
  legalComments: "none",
  logLevel: "info",
};

const host = {
  ...common,
  platform: "node",
  format: "cjs",
  target: "node20",
  external: ["vscode"],
};

const bundles = [
  {
    ...host,
    entryPoints: ["src/extension.ts"],
    outfile: "dist/extension.js",
    // The language client is most of the code; the editor's start does not wait until it is read.
    external: [...host.external, "./connection"],
    supported: { "dynamic-import": false },
  },
  { ...host, entryPoints: ["src/connection.ts"], outfile: "dist/connection.js" },
  {
    ...common,
    entryPoints: ["webview/main.ts"],
    outfile: "dist/webview.js",
    platform: "browser",
    format: "iife",
    target: "chrome120",
  },
];

for (const bundle of bundles) {
  if (watch) {
    await (await context(bundle)).watch();
  } else {
    await build(bundle);
  }
}
