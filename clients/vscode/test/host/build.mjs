/** Builds the tests that run in the extension host into build/host/. */

import * as path from "node:path";
import { build } from "esbuild";

const folder = path.resolve(import.meta.dirname, "..", "..");

await build({
  absWorkingDir: folder,
  entryPoints: ["test/host/index.ts", "test/host/*.test.ts"],
  outdir: "build/host",
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  external: ["vscode", "mocha"],
  logLevel: "warning",
});
