/** Checks of values that come from outside: messages of the webview, what was stored by an earlier version. */

/** Tells whether a value has a shape. */
export type Check<T> = (value: unknown) => value is T;

/** The largest texts that are taken from outside; what is longer is not ours. */
const LONGEST_TEXT = 1_000_000;
const LONGEST_LIST = 10_000;

/** A text of a bounded length. */
export function text(longest = LONGEST_TEXT): Check<string> {
  return (value): value is string => typeof value === "string" && value.length <= longest;
}

/** A finite number. */
export const number: Check<number> = (value): value is number =>
  typeof value === "number" && Number.isFinite(value);

/** A whole number from 0. */
export const count: Check<number> = (value): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

/** True or false. */
export const flag: Check<boolean> = (value): value is boolean => typeof value === "boolean";

/** One of some texts. */
export function oneOf<const T extends readonly string[]>(...allowed: T): Check<T[number]> {
  return (value): value is T[number] => typeof value === "string" && allowed.includes(value);
}

/** A list of a bounded length. */
export function list<T>(item: Check<T>, longest = LONGEST_LIST): Check<readonly T[]> {
  return (value): value is readonly T[] =>
    Array.isArray(value) && value.length <= longest && value.every((each) => item(each));
}

/** A value that may be left out. */
export function optional<T>(check: Check<T>): Check<T | undefined> {
  return (value): value is T | undefined => value === undefined || check(value);
}

/** An object with exactly checked fields; unknown ones are ignored. */
export function object<T extends object>(fields: { readonly [K in keyof T]-?: Check<T[K]> }): Check<T> {
  const checks = Object.entries<Check<unknown>>(fields);
  return (value): value is T =>
    isObject(value) &&
    checks.every(([name, check]) => check(Object.hasOwn(value, name) ? value[name] : undefined));
}

/** An object whose values have one shape, whatever its keys. */
export function record<T>(item: Check<T>): Check<Readonly<Record<string, T>>> {
  return (value): value is Readonly<Record<string, T>> => isObject(value) && Object.values(value).every(item);
}

/** One of several objects, told apart by a field. */
export function tagged<K extends string, T extends Readonly<Record<K, string>>>(
  tag: K,
  cases: { readonly [V in T[K]]: Check<Extract<T, Readonly<Record<K, V>>>> },
): Check<T> {
  const checks: Readonly<Record<string, Check<unknown>>> = cases;
  return (value): value is T => {
    const name = isObject(value) ? value[tag] : undefined;
    return typeof name === "string" && Object.hasOwn(checks, name) && checks[name]?.(value) === true;
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
