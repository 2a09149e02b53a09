/** The way to a chat model, for answers that came without one. */

import type { WebviewMessage } from "../src/sidebar/messages";
import type { IndexStatus } from "../src/sidebar/state";
import { button, element } from "./elements";

/** Says what is missing and offers what helps. */
export function remedies(
  index: IndexStatus | undefined,
  post: (message: WebviewMessage) => void,
): HTMLElement {
  if (index?.trusted === false) {
    return untrusted(post);
  }
  const offers = index?.offers ?? [];
  const lines = offers.length > 0 ? offers.map((offer) => offer.message) : (index?.notices ?? []);
  const pull = (model?: string) => (): void => {
    post({ type: "remedy", remedy: "pullModel", model });
  };
  const buttons =
    offers.length > 0
      ? offers.map(({ model }) => button({ class: "primary" }, pull(model), `Pull ${model}`))
      : [button({ class: "primary" }, pull(), "Get a chat model…")];
  return wayForward(lines, buttons);
}

function untrusted(post: (message: WebviewMessage) => void): HTMLElement {
  const manage = (): void => {
    post({ type: "remedy", remedy: "manageTrust" });
  };
  return wayForward(
    ["This folder is not trusted, so no model is contacted. Trust it to get written answers."],
    [button({ class: "primary" }, manage, "Manage trust…")],
  );
}

function wayForward(lines: readonly string[], buttons: readonly HTMLElement[]): HTMLElement {
  return element(
    "div",
    { class: "way-forward", data: { part: "way-forward" } },
    ...lines.map((line) => element("p", {}, line)),
    element("div", { class: "buttons" }, ...buttons),
  );
}
