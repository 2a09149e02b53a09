/** Shows a Markdown text that grows: only the blocks that changed are built anew, so nothing flickers. */

import { element } from "./elements";
import { InlineWriter, type TextActions } from "./inline_text";
import { blocksOf, renderBlock } from "./markdown_blocks";
import { marksWithin, NO_MARKS, signatureOf, type Marks } from "./marks";

/** A view of one text. */
export class MarkdownView {
  readonly root = element("div", { class: "markdown" });
  private keys: readonly string[] = [];

  constructor(private readonly actions: TextActions) {}

  /** Shows a text with its marks. */
  update(source: string, marks: Marks = NO_MARKS): void {
    const keys: string[] = [];
    let from = 0;
    for (const block of blocksOf(source)) {
      // The marks behind a block's end, if any, belong to it: there is no later place before the next block.
      const own = marksWithin(marks, from, block.to);
      const key = `${block.name}\n${signatureOf(own, block.from)}\n${source.slice(block.from, block.to)}`;
      const index = keys.push(key) - 1;
      from = block.to;
      const shown = this.root.children[index];
      if (shown === undefined || this.keys[index] !== key) {
        const made = renderBlock(block, new InlineWriter(source, own, this.actions));
        if (shown === undefined) {
          this.root.append(made);
        } else {
          shown.replaceWith(made);
        }
      }
    }
    while (this.root.children.length > keys.length) {
      this.root.lastElementChild?.remove();
    }
    this.keys = keys;
  }
}
