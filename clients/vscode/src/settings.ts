/** The settings: those that the server knows by the same names, and those of this extension. */

/** The server's settings, as `firsthand settings` lists them. */
export const serverSettings = [
  "provider",
  "endpoint",
  "chatModel",
  "embeddingModel",
  "keepAlive",
  "threads",
  "allowRemoteEndpoint",
  "allowCloudModels",
  "contextTokens",
  "answerTokens",
  "temperature",
  "excerpts",
  "multiQuery",
  "rerank",
  "exclude",
  "maxFileKb",
  "hoverBudgetMs",
  "cacheDir",
  "maxCacheGb",
  "logLevel",
] as const;

/** The name of one of the server's settings. */
export type ServerSetting = (typeof serverSettings)[number];

/** What is read of the editor's configuration of the section `firsthand`. */
export interface Configuration {
  get(key: string): unknown;
  inspect(key: string): object | undefined;
}

/** The settings of this extension. */
export interface ClientSettings {
  readonly serverPath: string;
  /** Empty when the server of the extension's own version is meant. */
  readonly serverPackage: string;
}

/**
 * Returns the server's settings that the user has set.
 *
 * Defaults stay away: they would win over `firsthand.toml` and the environment.
 */
export function settingsSnapshot(configuration: Configuration): Partial<Record<ServerSetting, unknown>> {
  const isSet = serverSettings.filter((key) => hasValue(configuration.inspect(key)));
  return Object.fromEntries(isSet.map((key) => [key, configuration.get(key)]));
}

/** Returns the settings of this extension. */
export function clientSettings(configuration: Configuration): ClientSettings {
  return {
    serverPath: text(configuration.get("server.path")),
    serverPackage: text(configuration.get("server.package")),
  };
}

function hasValue(inspected: object | undefined): boolean {
  return Object.entries(inspected ?? {}).some(
    ([where, value]) =>
      /^(global|workspace|workspaceFolder)(Language)?Value$/.test(where) && value !== undefined,
  );
}

function text(value: unknown): string {
  return typeof value === "string" ? value.trim() : "";
}
