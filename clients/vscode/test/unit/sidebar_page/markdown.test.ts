// @vitest-environment jsdom

import { describe, expect, test, vi } from "vitest";
import { MarkdownView } from "../../../webview/markdown_view";
import { marksOf } from "../../../webview/marks";
import { marked, outline, type Marked } from "./outline";

const noActions = { openCitation: vi.fn(), copyCode: vi.fn(), insertCode: vi.fn() };

function render({ source, citations, unsupported, ungrounded }: Marked, actions = noActions): HTMLElement {
  const view = new MarkdownView(actions);
  view.update(source, marksOf(source, citations, unsupported, ungrounded));
  return view.root;
}

function show(text: string): HTMLElement {
  return render({ source: text, citations: [], unsupported: [], ungrounded: [] });
}

describe("Markdown is shown as elements", () => {
  test.each([
    [
      "# One\n\nTwo *three* **four** ~~five~~ `six`",
      "h3(One) p(Two em(three) strong(four) s(five) code(six))",
    ],
    ["- a\n- b\n  - c", "ul(li(p(a))li(p(b)ul(li(p(c)))))"],
    ["3. a\n4. b", "ol(li(p(a))li(p(b)))"],
    ["> a\n> b", "blockquote(p(a b))"],
    ["- [x] a\n- [ ] b", "ul(li(p(☑ a))li(p(☐ b)))"],
    ["| a | b |\n|---|---|\n| c | `d` |\n|  | e |", "table(tr(th(a)th(b))tr(td(c)td(code(d)))tr(td()td(e)))"],
    ["```py\nx = 1\n\ny\n```", "code:py(x = 1 y)"],
    ["    indented", "code:(indented)"],
    ["a  \nb<br>c", "p(abr()bbr()c)"],
    ["a \\* b &amp; &#x1F642; &unknown;", "p(a * b & 🙂 &unknown;)"],
    ["`` a`b ``", "p(code(a`b))"],
    ["---", "hr()"],
    ["arr[0] and [note]", "p(arr[0] and [note])"],
  ])("%j", (text, expected) => {
    expect(outline(show(text))).toBe(expected);
  });

  test("a list goes on counting where it begins", () => {
    expect(show("3. a\n4. b").querySelector("ol")?.start).toBe(3);
  });

  test("code in a list loses the list's indentation and keeps its own", () => {
    const root = show("1. a\n   ```py\n   def f():\n     pass\n   ```");

    expect(root.querySelector("pre")?.textContent).toBe("def f():\n  pass");
  });

  test("code is coloured in the languages that are known", () => {
    expect(show("```py\ndef f(): pass\n```").querySelector(".hljs-keyword")?.textContent).toBe("def");
    expect(show("```nonsense\ndef f(): pass\n```").querySelector("[class^=hljs]")).toBeNull();
  });
});

describe("marks stand behind what they are about", () => {
  test.each([
    ["{1:First.} {2:Second.}", "p(First.[1] Second.[2])"],
    ["{1:Emoji 🙂 and 𝒳.} {2:Then.}", "p(Emoji 🙂 and 𝒳.[1] Then.[2])"],
    ["{1:It is **bold.**} After", "p(It is strong(bold.)[1] After)"],
    ["**{1:Inside.} More**", "p(strong(Inside.[1] More))"],
    ["{1:Calls `refresh()`}", "p(Calls code(refresh())[1])"],
    ["`re{1:fre}sh` x", "p(code(refresh)[1] x)"],
    ["{1:{2:Both.}} x", "p(Both.[1][2] x)"],
    ["{1:Ends with space. \n}\nNext", "p(Ends with space.[1]) p(Next)"],
    ["a \\* &amp; {1:b}", "p(a * & b[1])"],
    ["{1:A [link](x:y).} B", "p(A link (x:y).[1] B)"],
    ["- {1:one}\n- {2:two}\n  1. {3:nested}", "ul(li(p(one[1]))li(p(two[2])ol(li(p(nested[3])))))"],
    ["> {1:said}", "blockquote(p(said[1]))"],
    ["# {1:Title}\n\n{2:Text}", "h3(Title[1]) p(Text[2])"],
    ["| a |\n|---|\n{1:| `x` |}\n{2:| y |}", "table(tr(th(a))tr(td(code(x)[1]))tr(td(y[2])))"],
    ["{1:```py\nx\n```}\n\n{2:After.}", "code:py[1](x) p(After.[2])"],
    ["- {1:a\n  ```py\n  x\n  ```}", "ul(li(p(a)code:py[1](x)))"],
    ["{1:`a:1`\n\n```py\nx\n```\n… 2 more lines}", "p(code(a:1)) code:py(x) p(… 2 more lines[1])"],
    ["{?:Maybe so.} Sure.", "p(~Maybe so.~[?] Sure.)"],
    ["{?:Maybe **so**.}", "p(~Maybe ~strong(~so~)~.~[?])"],
    ["{?:```py\nx\n```}", "code:py[?](x)"],
    ["Call `{!:gone}()` or {!:away}.", "p(Call code(!gone!()) or !away!.)"],
    ["```py\n{!:gone}(1)\nx = {!:gone}\n```", "code:py(!gone!(1) x = !gone!)"],
    ["- a\n  ```py\n  y\n  {!:gone}()\n  ```", "ul(li(p(a)code:py(y !gone!())))"],
  ])("%j", (text, expected) => {
    expect(outline(render(marked(text)))).toBe(expected);
  });

  test("no mark is lost, wherever its span ends", () => {
    const source =
      "# A *b*\n\nc **d** `e` [f](g) &amp; \\* 🙂\n\n- h\n  1. i\n\n| j | k |\n|---|---|\n| l | m |\n\n> n\n\n```py\no = 1\n```\n\n<p>q</p>\n\n[r]: s\n";
    const lost = Array.from({ length: source.length }, (_, start) => ({ start, end: start + 1 })).filter(
      (span) => {
        const { citations } = marked("{1:x}");
        const root = render({
          source,
          citations: citations.map((each) => ({ ...each, spans: [span] })),
          unsupported: [],
          ungrounded: [],
        });
        return root.querySelectorAll(".citation").length !== 1;
      },
    );

    expect(lost).toEqual([]);
  });

  test("spans outside the text are left out", () => {
    const text = { ...marked("{1:a}"), source: "" };

    expect(outline(render(text))).toBe("");
  });

  test("a mark says where it leads, and leads there", () => {
    const openCitation = vi.fn();
    const root = render(marked("{1:Done.}"), { ...noActions, openCitation });

    const mark = root.querySelector<HTMLButtonElement>(".citation");
    mark?.click();

    expect(mark?.getAttribute("aria-label")).toBe("Source 1: src/1.py, lines 1 to 3");
    expect(openCitation.mock.calls[0]?.[0]).toMatchObject({ id: 1, path: "src/1.py" });
  });

  test("an unknown name tells the nearest known one", () => {
    expect(render(marked("{!:gone}")).querySelector<HTMLElement>(".ungrounded")?.dataset["tip"]).toBe(
      "Not found in this workspace; nearest: known",
    );
  });
});

describe("a growing text", () => {
  const whole = marked("# A\n\n{1:One `two`.} Three\n\n```py\nx = 1\n```\n\n- {2:a}\n- b\n\n{?:End.}\n");

  test("ends as if it had come at once", () => {
    const view = new MarkdownView(noActions);
    for (let length = 0; length <= whole.source.length; length += 1) {
      const source = whole.source.slice(0, length);
      view.update(source, marksOf(source, whole.citations, whole.unsupported));
    }

    expect(outline(view.root)).toBe(outline(render(whole)));
  });

  test("leaves alone what is finished", () => {
    const view = new MarkdownView(noActions);
    view.update("One.\n\nTwo");
    const [first, second] = view.root.children;

    view.update("One.\n\nTwo, and");

    expect(view.root.children[0]).toBe(first);
    expect(view.root.children[1]).not.toBe(second);
  });

  test("does not show the end of a code block before it is whole", () => {
    expect(outline(show("```py\nx\n``"))).toBe("code:py(x)");
  });
});

describe("code", () => {
  test("is copied and inserted as it stands in the answer, without its fence", () => {
    const actions = { openCitation: vi.fn(), copyCode: vi.fn(), insertCode: vi.fn() };
    const root = render(marked("```py\ndef f():\n    return '<b>'\n```"), actions);

    root.querySelector<HTMLButtonElement>("[aria-label='Copy code']")?.click();
    root.querySelector<HTMLButtonElement>("[aria-label='Insert code at cursor']")?.click();

    expect(actions.copyCode.mock.calls).toEqual([["def f():\n    return '<b>'"]]);
    expect(actions.insertCode.mock.calls).toEqual([["def f():\n    return '<b>'"]]);
  });
});
