/** Runs the tests of this folder inside the editor's extension host; the editor calls `run`. */

import { readdirSync } from "node:fs";
import * as path from "node:path";
import Mocha from "mocha";

// Far above what a loaded machine needs: what is waited for are events.
const millisecondsForATest = 60_000;

/** Resolves when every test passed; what failed and why goes to the console. */
export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: "bdd", reporter: "spec", color: false, timeout: millisecondsForATest });
  for (const file of readdirSync(__dirname).filter((name) => name.endsWith(".test.js"))) {
    mocha.addFile(path.join(__dirname, file));
  }
  const failures = await new Promise<number>((resolve) => {
    mocha.run(resolve);
  });
  if (failures > 0) {
    throw new Error(`${failures} of the tests in the extension host failed.`);
  }
}
