// @vitest-environment jsdom

import { beforeEach, expect, test } from "vitest";
import { Following } from "../../../webview/following";

const VIEW = 100;

let box: HTMLElement;
let following: Following;
let content: number;
let questionAt: number;
let isMore: boolean;

beforeEach(() => {
  box = document.createElement("div");
  document.body.replaceChildren(box);
  const question = document.createElement("article");
  const source = document.createElement("button");
  question.append(document.createElement("summary"), source);
  box.append(question);
  content = 50;
  questionAt = 0;
  let top = 0;
  // jsdom lays nothing out: the content is as high as the test says, and the box scrolls as boxes do.
  Object.defineProperties(box, {
    scrollHeight: { get: () => Math.max(content, VIEW) },
    clientHeight: { get: () => VIEW },
    scrollTop: {
      get: () => Math.min(top, Math.max(0, content - VIEW)),
      set: (value: number) => {
        top = Math.max(0, Math.min(value, content - VIEW));
        box.dispatchEvent(new Event("scroll"));
      },
    },
  });
  question.getBoundingClientRect = () => ({ top: questionAt - box.scrollTop }) as DOMRect;
  following = new Following(box, (more) => {
    isMore = more;
  });
});

function grow(height: number): void {
  content = height;
  following.keep();
}

function turnWheel(deltaY: number): void {
  box.dispatchEvent(new WheelEvent("wheel", { deltaY }));
  box.scrollTop += deltaY;
}

test("the text is followed until its question is at the top", () => {
  questionAt = 130;
  grow(180);
  expect(box.scrollTop).toBe(80);

  grow(200);
  expect([box.scrollTop, isMore]).toEqual([100, false]);

  grow(500);
  expect([box.scrollTop, isMore]).toEqual([130, true]);
});

test("a list that closes above the text brings the question back to where it was", () => {
  grow(400);
  expect(box.scrollTop).toBe(0);
  questionAt = 60;

  grow(120);
  expect(box.scrollTop).toBe(20);
  grow(400);

  expect(box.scrollTop).toBe(60);
});

test("what the user scrolled to stays, until they are back at the end", () => {
  questionAt = 300;
  grow(380);
  turnWheel(-200);

  grow(390);
  expect([box.scrollTop, isMore]).toEqual([80, true]);
  turnWheel(240);
  grow(440);
  expect(box.scrollTop).toBe(300);

  turnWheel(20);
  turnWheel(20);
  grow(600);
  expect(box.scrollTop).toBe(500);
});

test.each(["PageUp", "ArrowUp", "Home", "focus", "drag", "summary"])("%s is the user's, too", (what) => {
  questionAt = 300;
  grow(380);

  switch (what) {
    case "focus":
      box.querySelector("button")?.focus();
      break;
    case "drag":
      box.dispatchEvent(new MouseEvent("pointerdown"));
      break;
    case "summary":
      box.querySelector("summary")?.click();
      break;
    default:
      box.dispatchEvent(new KeyboardEvent("keydown", { key: what }));
  }
  grow(600);

  expect(box.scrollTop).toBe(280);
});

test("a wheel where there is nothing more to see changes nothing", () => {
  questionAt = 300;
  grow(380);
  turnWheel(10);

  grow(600);

  expect(box.scrollTop).toBe(300);
});

test("the button for the end goes there and stays; the next question is followed as ever", () => {
  grow(500);
  following.toEnd();
  grow(700);
  expect(box.scrollTop).toBe(600);

  questionAt = 700;
  following.begin();
  grow(1000);

  expect(box.scrollTop).toBe(700);
});
