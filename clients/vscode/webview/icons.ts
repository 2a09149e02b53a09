/** Line drawings on a grid of 16, in the colour of the text around them. */

const PATHS = {
  arrowDown: ["M8 3v10", "M4 9l4 4 4-4"],
  arrowUp: ["M8 13V3", "M4 7l4-4 4 4"],
  check: ["M3 8.5l3.2 3.2L13 4.5"],
  chevron: ["M6 4l4 4-4 4"],
  close: ["M4 4l8 8", "M12 4l-8 8"],
  copy: ["M5.5 5.5h7v8h-7z", "M3.5 10.5v-8h7"],
  document: ["M4 2.5h5.5L12.5 5.5v8h-8.5z", "M9 2.5v3.5h3.5"],
  history: ["M3.2 5.2A5.5 5.5 0 1 1 2.5 8", "M2.5 2.8v2.9h2.9", "M8 5v3.2l2.2 1.4"],
  insert: ["M8 2.5v7", "M5 6.8L8 9.8l3-3", "M3 13h10"],
  layers: ["M8 2.5L14 5.7 8 9 2 5.7z", "M2.5 8.6L8 11.6l5.5-3", "M2.5 11.2L8 14.2l5.5-3"],
  stop: ["M4.5 4.5h7v7h-7z"],
  trash: ["M3 4.5h10", "M6.2 4.5V3h3.6v1.5", "M4.3 4.5l.6 9h6.2l.6-9", "M6.8 7v4", "M9.2 7v4"],
  warning: ["M8 2.5l6 11H2z", "M8 6.5v3.4", "M8 11.6v.4"],
} as const;

/** The drawings there are. */
export type IconName = keyof typeof PATHS;

const SVG = "http://www.w3.org/2000/svg";

/** Draws an icon; it means nothing to screen readers, so the control around it must have a label. */
export function icon(name: IconName): SVGElement {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", "0 0 16 16");
  drawing.setAttribute("class", `icon icon-${name}`);
  drawing.setAttribute("aria-hidden", "true");
  for (const path of PATHS[name]) {
    const line = document.createElementNS(SVG, "path");
    line.setAttribute("d", path);
    drawing.append(line);
  }
  return drawing;
}
