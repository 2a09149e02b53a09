/** Where to look: what is switched on shows as pressed, what was chosen can be taken away again. */

import type { ScopeChange } from "../src/sidebar/messages";
import type { EditorPlace, Scope, TestsScope } from "../src/sidebar/state";
import { button, element, fill } from "./elements";
import { icon } from "./icons";

const NEXT_TESTS: Readonly<Record<TestsScope, TestsScope>> = { in: "out", out: "only", only: "in" };
const TESTS_TIP: Readonly<Record<TestsScope, string>> = {
  in: "Code and tests are searched",
  out: "Tests are left out",
  only: "Only tests are searched",
};

/** The row of scope buttons. */
export class ScopeBar {
  readonly root = element("div", { class: "scope", role: "group", aria: { label: "Where to look" } });
  private shown: readonly unknown[] = [];

  constructor(private readonly change: (change: ScopeChange) => void) {}

  /** Shows a scope, what the editor offers to it, and the one of several folders that a follow-up stays in. */
  update(scope: Scope, editor: EditorPlace | undefined, folder: string | undefined): void {
    const shown = [scope, editor, folder];
    if (shown.every((value, index) => value === this.shown[index]) && this.shown.length > 0) {
      return;
    }
    this.shown = shown;
    const focused = this.focusedKey();
    fill(this.root, ...this.buttons(scope, editor, folder));
    if (focused !== undefined) {
      [...this.root.querySelectorAll("button")].find((each) => each.dataset["key"] === focused)?.focus();
    }
  }

  private focusedKey(): string | undefined {
    const active = document.activeElement;
    return active instanceof HTMLElement && this.root.contains(active) ? active.dataset["key"] : undefined;
  }

  private buttons(scope: Scope, editor: EditorPlace | undefined, folder: string | undefined): HTMLElement[] {
    const pinned = scope.pinned;
    return [
      ...(pinned === undefined ? [] : [this.chip(pinned.label, { set: "unpin" })]),
      this.toggle("This file", editor?.file ?? "No file is open", scope.thisFile, editor !== undefined, {
        set: "thisFile",
        on: !scope.thisFile,
      }),
      this.toggle(
        "Selection",
        editor?.selection ?? "Nothing is selected",
        scope.selection,
        scope.selection || editor?.selection !== undefined,
        { set: "selection", on: !scope.selection },
      ),
      this.toggle(`Tests: ${scope.tests}`, TESTS_TIP[scope.tests], scope.tests !== "in", true, {
        set: "tests",
        tests: NEXT_TESTS[scope.tests],
      }),
      ...scope.folders.map((name) => this.chip(name, { set: "removeFolder", name })),
      this.folderPicker(scope.folders.length > 0 || scope.thisFile ? undefined : folder),
      ...scope.languages.map((name) => this.chip(name, { set: "removeLanguage", name })),
      this.picker("Language…", { set: "addLanguage" }),
    ];
  }

  private toggle(
    words: string,
    tip: string,
    pressed: boolean,
    enabled: boolean,
    change: ScopeChange,
  ): HTMLElement {
    const made = button(
      {
        class: "chip chip-toggle",
        aria: { pressed: String(pressed) },
        data: { key: change.set },
        tip,
      },
      () => {
        this.change(change);
      },
      words,
    );
    made.disabled = !enabled;
    return made;
  }

  private folderPicker(followed: string | undefined): HTMLElement {
    return followed === undefined
      ? this.picker("Folder…", { set: "addFolder" })
      : this.picker(`In ${followed}…`, { set: "addFolder" }, "Click to ask in another folder");
  }

  private picker(words: string, change: ScopeChange, tip?: string): HTMLElement {
    return button(
      { class: "chip chip-picker", data: { key: change.set }, ...(tip === undefined ? {} : { tip }) },
      () => {
        this.change(change);
      },
      words,
    );
  }

  private chip(words: string, change: ScopeChange): HTMLElement {
    return button(
      { class: "chip chip-active", label: `Remove ${words}`, data: { key: `${change.set} ${words}` } },
      () => {
        this.change(change);
      },
      element("bdi", {}, words),
      icon("close"),
    );
  }
}
