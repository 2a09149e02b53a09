/** The server's status, reduced to what the sidebar shows. */

import type { StatusResult } from "../protocol";
import { isStarting } from "../status_text";
import type { IndexStatus, Offer } from "./state";

/** Returns the status of all folders in one. */
export function indexStatus(status: StatusResult, trusted: boolean): IndexStatus {
  const models = status.folders.flatMap((folder) => folder.models ?? []);
  const chats = new Set(models.map((each) => each.chat));
  const [chat] = chats;
  const offers = new Map<string, Offer>();
  for (const { role, model, message } of models.flatMap((each) => each.offers)) {
    if (role === "chat") {
      offers.set(model, { model, message });
    }
  }
  return {
    health: isStarting(status) ? "starting" : status.health,
    message: status.message,
    model: chats.size === 1 ? chat : undefined,
    offers: [...offers.values()],
    notices: [...new Set(models.flatMap((each) => each.notices))],
    trusted,
  };
}
