/** Everything that went into the prompt of an answer, as a document to read. */

import { codeBlock, inlineCode, sentence } from "./inert_text";
import type { Budget, ContextResult, Cut, Excerpt, PromptMessage } from "./protocol";

/** Returns the document. */
export function contextDocument(context: ContextResult): string {
  const parts = [
    "# What the model read",
    budgetLine(context.budget),
    `## Excerpts (${context.excerpts.length})`,
    ...context.excerpts.map(excerptPart),
    `## Left out (${context.cut.length})`,
    context.cut.length > 0 ? context.cut.map(cutLine).join("\n") : "Nothing was left out.",
    "## The prompt, word for word",
    ...context.messages.map(messagePart),
  ];
  return `${parts.join("\n\n")}\n`;
}

function budgetLine(budget: Budget): string {
  const { contextTokens, instructions, history, excerpts, question, answerTokens } = budget;
  return (
    `The window holds ${contextTokens} tokens: ${instructions} instructions, ${history} conversation, ` +
    `${excerpts} excerpts, ${question} question, ${answerTokens} kept for the answer.`
  );
}

function excerptPart(excerpt: Excerpt): string {
  const { id, path, startLine, endLine, symbol, tokens, score, reasons, text } = excerpt;
  const head = `### ${id}. ${inlineCode(path)}:${startLine}-${endLine}${symbol ? ` ${inlineCode(symbol)}` : ""}`;
  const facts = `${tokens} tokens, score ${score.toFixed(2)}: ${reasons.map(sentence).join(", ")}`;
  return [head, facts, codeBlock(text)].join("\n\n");
}

function cutLine({ path, startLine, endLine, tokens, reason }: Cut): string {
  return `- ${inlineCode(path)}:${startLine}-${endLine}, ${tokens} tokens: ${sentence(reason)}`;
}

function messagePart({ role, content, tokens }: PromptMessage): string {
  return [`### ${sentence(role)} (${tokens} tokens)`, codeBlock(content)].join("\n\n");
}
