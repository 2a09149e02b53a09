/** What the server writes to its standard error, as records of the log. */

/** The levels of the log. */
export type LogLevel = "error" | "warn" | "info" | "debug";

const levels: Readonly<Record<string, LogLevel>> = {
  CRITICAL: "error",
  ERROR: "error",
  WARNING: "warn",
  INFO: "info",
  DEBUG: "debug",
};

/** Returns the level and the text of a line; what is not a record, such as a traceback, is worth reading. */
export function logRecord(line: string): { level: LogLevel; text: string } {
  const [, level = "", text = ""] = /^[\d-]{10} [\d:,]+ ([A-Z]+) (.*)$/.exec(line) ?? [];
  return { level: levels[level] ?? "warn", text: levels[level] === undefined ? line : text };
}
