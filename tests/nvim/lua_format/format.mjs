/** Formats every Lua file of the plugin in its place; `--check` only names those that are not formatted. */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Config, IndentType, OutputVerification, QuoteStyle, formatCode } from "@johnnymorganz/stylua";

const here = path.dirname(fileURLToPath(import.meta.url));
const plugin = path.resolve(here, "../../../clients/nvim");
const onlyChecks = process.argv.includes("--check");

function style() {
  const config = Config.new();
  config.column_width = 120;
  config.indent_type = IndentType.Spaces;
  config.indent_width = 2;
  config.quote_style = QuoteStyle.AutoPreferSingle;
  return config;
}

const files = readdirSync(plugin, { recursive: true }).filter((name) => name.endsWith(".lua"));
const different = files.filter((name) => {
  const file = path.join(plugin, name);
  const before = readFileSync(file, "utf8");
  const after = formatCode(before, style(), undefined, OutputVerification.Full);
  if (after !== before && !onlyChecks) {
    writeFileSync(file, after);
  }
  return after !== before;
});

for (const name of different) {
  console.log(`${onlyChecks ? "not formatted" : "formatted"}: clients/nvim/${name}`);
}
process.exitCode = onlyChecks && different.length > 0 ? 1 : 0;
