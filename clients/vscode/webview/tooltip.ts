/** Tips of controls and marks, by pointer and by keyboard: a `data-tip` anywhere is enough. */

import { element, setText } from "./elements";

const DELAY_MS = 350;
const MARGIN = 6;

/** Shows the tip of what is pointed at or focused. */
export class Tooltip {
  readonly root = element("div", { class: "tooltip", role: "tooltip", hidden: true });
  private owner: HTMLElement | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** Begins to watch a document. */
  watch(document: Document): void {
    document.addEventListener("mouseover", (event) => {
      this.point(event.target, DELAY_MS);
    });
    document.addEventListener("focusin", (event) => {
      // A click focuses, too, but whoever clicks knows.
      const byKeyboard = event.target instanceof Element && event.target.matches(":focus-visible");
      this.point(byKeyboard ? event.target : null, 0);
    });
    for (const end of ["focusout", "mousedown", "wheel"] as const) {
      document.addEventListener(end, () => {
        this.hide();
      });
    }
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        this.hide();
      }
    });
  }

  private point(target: EventTarget | null, delay: number): void {
    const owner = target instanceof Element ? target.closest<HTMLElement>("[data-tip]") : null;
    if (owner === this.owner) {
      return;
    }
    this.hide();
    if (owner !== null) {
      this.owner = owner;
      this.timer = setTimeout(() => {
        this.show(owner);
      }, delay);
    }
  }

  private show(owner: HTMLElement): void {
    const tip = owner.dataset["tip"];
    if (tip === undefined || !owner.isConnected) {
      return;
    }
    setText(this.root, tip);
    // A dialog is above everything that is not in it.
    (owner.closest("dialog") ?? document.body).append(this.root);
    this.root.hidden = false;
    const place = owner.getBoundingClientRect();
    const size = this.root.getBoundingClientRect();
    const left = Math.min(Math.max(MARGIN, place.left), window.innerWidth - size.width - MARGIN);
    const below = place.bottom + MARGIN;
    const fitsBelow = below + size.height < window.innerHeight;
    this.root.style.left = `${Math.max(MARGIN, left)}px`;
    this.root.style.top = `${fitsBelow ? below : Math.max(MARGIN, place.top - size.height - MARGIN)}px`;
  }

  private hide(): void {
    clearTimeout(this.timer);
    this.owner = undefined;
    this.root.hidden = true;
  }
}
