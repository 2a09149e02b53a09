/** What is marked in an answer's text: where it rests on code, where on nothing, and which names do not exist. */

import type { Citation, TextSpan, UngroundedName } from "../src/protocol";
import { placeLabel } from "../src/sidebar/conversation";

/** A mark that stands behind a character of the text. */
export type PointMark =
  | { readonly at: number; readonly kind: "citation"; readonly citation: Citation }
  | { readonly at: number; readonly kind: "doubt" };

/** A range of the text whose name the workspace does not have. */
export interface NameMark extends TextSpan {
  readonly name: UngroundedName;
}

/** All marks of a text, each list in the order of the text. */
export interface Marks {
  readonly points: readonly PointMark[];
  readonly unsupported: readonly TextSpan[];
  readonly names: readonly NameMark[];
}

/** No marks. */
export const NO_MARKS: Marks = { points: [], unsupported: [], names: [] };

/** Collects the marks of an answer; ranges that do not lie in the text are left out. */
export function marksOf(
  text: string,
  citations: readonly Citation[],
  unsupported: readonly TextSpan[] = [],
  ungrounded: readonly UngroundedName[] = [],
): Marks {
  const fits = (span: TextSpan): boolean => span.start < span.end && span.end <= text.length;
  const doubtful = unsupported.filter(fits);
  const points: PointMark[] = [
    ...citations.flatMap((citation) =>
      citation.spans
        .filter(fits)
        .map((span) => ({ at: trimmedEnd(text, span), kind: "citation", citation }) as const),
    ),
    ...doubtful.map((span) => ({ at: trimmedEnd(text, span), kind: "doubt" }) as const),
  ];
  const names = ungrounded.flatMap((name) => name.spans.filter(fits).map((span) => ({ ...span, name })));
  return {
    points: points.sort((one, other) => one.at - other.at || numberOf(one) - numberOf(other)),
    unsupported: [...doubtful].sort(byStart),
    names: names.sort(byStart),
  };
}

/** Returns the marks that concern a part of the text. */
export function marksWithin(marks: Marks, from: number, to: number): Marks {
  const overlaps = (span: TextSpan): boolean => span.start < to && span.end > from;
  return {
    points: marks.points.filter((mark) => mark.at > from && mark.at <= to),
    unsupported: marks.unsupported.filter(overlaps),
    names: marks.names.filter(overlaps),
  };
}

/** Returns a text that differs when marks differ in what they show, seen from an offset. */
export function signatureOf(marks: Marks, from: number): string {
  if (marks.points.length + marks.unsupported.length + marks.names.length === 0) {
    return "";
  }
  return JSON.stringify([
    marks.points.map((mark) => [
      mark.at - from,
      mark.kind === "citation" ? `${mark.citation.id} ${placeLabel(mark.citation)}` : "",
    ]),
    marks.unsupported.map((span) => [span.start - from, span.end - from]),
    marks.names.map((span) => [span.start - from, span.end - from, span.name.nearest]),
  ]);
}

/** A mark stands behind the last word, not behind the white space or on the next line. */
function trimmedEnd(text: string, span: TextSpan): number {
  return span.start + text.slice(span.start, span.end).trimEnd().length;
}

function numberOf(mark: PointMark): number {
  return mark.kind === "citation" ? mark.citation.id : Number.POSITIVE_INFINITY;
}

function byStart(one: TextSpan, other: TextSpan): number {
  return one.start - other.start;
}
