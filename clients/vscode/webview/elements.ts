/** Builds elements from plain values. Nothing here takes HTML, so no text can become markup. */

import { icon, type IconName } from "./icons";
import { appendVisible, visibleString } from "./visible_text";

/** What an element may have beside its children. */
export interface ElementOptions {
  readonly class?: string;
  /** Names without `data-`. */
  readonly data?: Readonly<Record<string, string>>;
  /** Names without `aria-`. */
  readonly aria?: Readonly<Record<string, string>>;
  readonly role?: string;
  readonly hidden?: boolean;
}

/** A child: a node, or a text that may hold anything. */
export type Child = Node | string;

/** Makes an element. */
export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  options: ElementOptions = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  if (options.class !== undefined) {
    made.className = options.class;
  }
  if (options.role !== undefined) {
    made.setAttribute("role", options.role);
  }
  for (const [key, value] of Object.entries(options.data ?? {})) {
    made.dataset[key] = value;
  }
  for (const [key, value] of Object.entries(options.aria ?? {})) {
    made.setAttribute(`aria-${key}`, visibleString(value));
  }
  made.hidden = options.hidden ?? false;
  append(made, ...children);
  return made;
}

/** Appends children; in a text, hidden characters become visible. */
export function append(parent: Node, ...children: readonly Child[]): void {
  for (const child of children) {
    if (typeof child === "string") {
      appendVisible(parent, child);
    } else {
      parent.appendChild(child);
    }
  }
}

/** Makes a button that says what it does. */
export function button(
  options: ElementOptions & { readonly label?: string; readonly tip?: string; readonly icon?: IconName },
  onClick: (event: MouseEvent) => void,
  ...children: readonly Child[]
): HTMLButtonElement {
  const made = element("button", options);
  made.type = "button";
  if (options.label !== undefined) {
    made.setAttribute("aria-label", visibleString(options.label));
  }
  if (options.tip !== undefined) {
    made.dataset["tip"] = options.tip;
  }
  if (options.icon !== undefined) {
    made.append(icon(options.icon));
  }
  append(made, ...children);
  made.addEventListener("click", onClick);
  return made;
}

/** Makes a button that shows only an icon; its label is its tip, too. */
export function iconButton(
  name: IconName,
  label: string,
  onClick: (event: MouseEvent) => void,
  options: ElementOptions = {},
): HTMLButtonElement {
  return button({ class: "icon-button", ...options, label, tip: label, icon: name }, onClick);
}

/** Replaces all children. */
export function fill(parent: Element, ...children: readonly Child[]): void {
  parent.replaceChildren();
  append(parent, ...children);
}

/** Sets a text only when it is another one, so that screen readers and selections are left in peace. */
export function setText(target: Element, text: string): void {
  const visible = visibleString(text);
  if (target.textContent !== visible) {
    target.textContent = visible;
  }
}

/** `1 file`, `2 files`. */
export function counted(amount: number, noun: string): string {
  return `${amount.toLocaleString("en")} ${noun}${amount === 1 ? "" : "s"}`;
}
