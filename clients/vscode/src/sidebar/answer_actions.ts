/** What can be done with an answer outside the sidebar. */

import * as vscode from "vscode";
import { contextDocument } from "../context_document";
import { oneLine } from "../inert_text";
import { contextRequest } from "../protocol";
import type { Server } from "../server";
import { answerDocument } from "./answer_document";
import type { Turn } from "./conversation";

const LONGEST_NAME = 40;

/** Shows texts as documents that are only read. */
export interface Documents {
  show(name: string, text: string): Promise<void>;
}

/** Copies a text. */
export async function copy(text: string): Promise<void> {
  await vscode.env.clipboard.writeText(text);
}

/** Puts a text at every cursor of the active editor, in place of what is selected. */
export async function insert(text: string): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined) {
    void vscode.window.showWarningMessage(
      "No file is open: open one and put the cursor where the text should go.",
    );
    return;
  }
  const isDone = await editor.edit((edit) => {
    for (const selection of editor.selections) {
      edit.replace(selection, text);
    }
  });
  if (isDone) {
    await vscode.window.showTextDocument(editor.document, {
      viewColumn: editor.viewColumn ?? vscode.ViewColumn.Active,
    });
  } else {
    void vscode.window.showWarningMessage("The text was not inserted: this file cannot be written.");
  }
}

/** Shows an answer as a document. */
export async function open(turn: Turn, documents: Documents): Promise<void> {
  const words = oneLine(turn.question)
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
  await documents.show(`${words.slice(0, LONGEST_NAME).trim() || "Answer"}.md`, answerDocument(turn));
}

/** Shows everything that went into the prompt of an answer. */
export async function showContext(turn: Turn, server: Server, documents: Documents): Promise<void> {
  if (turn.answerId !== undefined) {
    const context = await server.request(contextRequest, { answerId: turn.answerId });
    await documents.show("What the model read.md", contextDocument(context));
  }
}
