/** The script of the sidebar's page. */

import "./style.css";
import type { WebviewMessage } from "../src/sidebar/messages";
import { isHostMessage } from "../src/sidebar/messages";
import { SidebarView, type Remembered } from "./sidebar_view";

/** What the editor gives to a page. */
interface PageApi {
  readonly postMessage: (message: WebviewMessage) => void;
  readonly getState: () => unknown;
  readonly setState: (state: Remembered) => void;
}

declare function acquireVsCodeApi(): PageApi;

const api = acquireVsCodeApi();

function tellFailure(message: string): void {
  api.postMessage({ type: "scriptFailed", message });
}

function remembered(): Remembered | undefined {
  const state = api.getState();
  const draft = typeof state === "object" && state !== null && "draft" in state ? state.draft : undefined;
  return typeof draft === "string" ? { draft } : undefined;
}

window.addEventListener("error", (event) => {
  tellFailure(event.message);
});

const view = new SidebarView(
  document.body,
  api.postMessage.bind(api),
  remembered(),
  api.setState.bind(api),
  (work) => requestAnimationFrame(work),
);

window.addEventListener("message", (event: MessageEvent<unknown>) => {
  if (isHostMessage(event.data)) {
    view.receive(event.data);
  } else {
    tellFailure("The page got a message that it does not know.");
  }
});

api.postMessage({ type: "ready" });
