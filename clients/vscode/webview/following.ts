/** What of a growing conversation is in view: the text as it comes, until its question is at the top, or what the user chose. */

/** `question`: the end, until the last question is at the top · `end`: the end · `user`: what the user scrolled to. */
type Mode = "question" | "end" | "user";

// So close to the end, the user means the end.
const NEAR_END = 24;

// Up or down.
const SCROLL_KEYS: Readonly<Record<string, -1 | 1>> = {
  ArrowUp: -1,
  PageUp: -1,
  Home: -1,
  ArrowDown: 1,
  PageDown: 1,
  End: 1,
};

/** Scrolls a box whose content grows at the end. */
export class Following {
  private mode: Mode = "question";
  private isUsers = false;

  constructor(
    private readonly box: HTMLElement,
    /** Tells whether there is more below what is in view. */
    private readonly moreBelow: (isMore: boolean) => void,
  ) {
    this.listen();
  }

  /** A question begins: it and what comes of it are in view. */
  begin(): void {
    this.mode = "question";
    this.isUsers = false;
  }

  /** Goes to the end and stays there. */
  toEnd(): void {
    this.mode = "end";
    this.keep();
  }

  /** Brings into view what is to be there; the content or the box has changed. */
  keep(): void {
    const wanted = this.wanted();
    if (wanted !== undefined && wanted !== this.box.scrollTop) {
      this.isUsers = false;
      this.box.scrollTop = wanted;
    }
    this.moreBelow(!this.isAtEnd());
  }

  private wanted(): number | undefined {
    switch (this.mode) {
      case "question":
        return Math.min(this.end(), this.questionTop());
      case "end":
        return this.end();
      case "user":
        return undefined;
    }
  }

  private end(): number {
    return Math.max(0, this.box.scrollHeight - this.box.clientHeight);
  }

  private questionTop(): number {
    const last = this.box.lastElementChild;
    return last === null
      ? 0
      : Math.round(
          last.getBoundingClientRect().top - this.box.getBoundingClientRect().top + this.box.scrollTop,
        );
  }

  private isAtEnd(): boolean {
    return this.box.scrollTop >= this.end() - NEAR_END;
  }

  private listen(): void {
    const { box } = this;
    box.addEventListener("wheel", ({ deltaY }) => {
      this.scrollsBy(Math.sign(deltaY));
    });
    box.addEventListener("keydown", ({ key, shiftKey }) => {
      this.scrollsBy(key === " " ? (shiftKey ? -1 : 1) : (SCROLL_KEYS[key] ?? 0));
    });
    box.addEventListener("pointerdown", ({ target, offsetX }) => {
      // Beside the content there is only the scroll bar.
      if (target === box && offsetX >= box.clientWidth) {
        this.isUsersNow();
      }
    });
    box.addEventListener("touchmove", () => {
      this.isUsersNow();
    });
    box.addEventListener("focusin", ({ target }) => {
      if (target instanceof Element && target !== box && target.matches(":focus-visible")) {
        this.isUsersNow();
      }
    });
    box.addEventListener("click", ({ target }) => {
      // A list that is opened stays where it is.
      if (target instanceof Element && target.closest("summary") !== null) {
        this.isUsersNow();
      }
    });
    box.addEventListener("scroll", () => {
      if (this.isUsers) {
        this.scrolled();
      }
      this.moreBelow(!this.isAtEnd());
    });
  }

  /** The user is about to scroll up or down; where there is nothing more, nothing happens. */
  private scrollsBy(direction: number): void {
    const { scrollTop } = this.box;
    if ((direction < 0 && scrollTop > 0) || (direction > 0 && scrollTop < this.end())) {
      this.isUsersNow();
    }
  }

  private isUsersNow(): void {
    this.isUsers = true;
    this.mode = "user";
  }

  private scrolled(): void {
    if (!this.isAtEnd()) {
      this.mode = "user";
    } else {
      // Back at the end of a text that is shorter than the view, it goes on as if nothing had been.
      this.mode = this.questionTop() >= this.box.scrollTop ? "question" : "end";
    }
  }
}
