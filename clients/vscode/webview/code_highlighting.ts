/** Colours code. The highlighter makes a tree, never HTML; unknown languages stay plain. */

import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import csharp from "highlight.js/lib/languages/csharp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import dockerfile from "highlight.js/lib/languages/dockerfile";
import go from "highlight.js/lib/languages/go";
import ini from "highlight.js/lib/languages/ini";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import kotlin from "highlight.js/lib/languages/kotlin";
import lua from "highlight.js/lib/languages/lua";
import php from "highlight.js/lib/languages/php";
import python from "highlight.js/lib/languages/python";
import ruby from "highlight.js/lib/languages/ruby";
import rust from "highlight.js/lib/languages/rust";
import scala from "highlight.js/lib/languages/scala";
import shell from "highlight.js/lib/languages/shell";
import sql from "highlight.js/lib/languages/sql";
import swift from "highlight.js/lib/languages/swift";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import { createLowlight } from "lowlight";

/** A run of code and how it is coloured: classes from the outermost to the innermost. */
export interface Token {
  readonly text: string;
  readonly classes: readonly string[];
}

interface TreeNode {
  readonly type: string;
  readonly value?: string;
  readonly children?: readonly TreeNode[];
  readonly properties?: { readonly className?: unknown };
}

// Colouring is for reading; what is longer than this is not read here.
const LONGEST_COLOURED = 40_000;

const highlighter = createLowlight({
  bash,
  c,
  cpp,
  csharp,
  css,
  diff,
  dockerfile,
  go,
  ini,
  java,
  javascript,
  json,
  kotlin,
  lua,
  php,
  python,
  ruby,
  rust,
  scala,
  shell,
  sql,
  swift,
  typescript,
  xml,
  yaml,
});

/** Splits code into coloured runs; put together, their texts are the code. */
export function highlight(code: string, language: string): readonly Token[] {
  if (code.length > LONGEST_COLOURED || !highlighter.registered(language)) {
    return [{ text: code, classes: [] }];
  }
  return tokensOf(highlighter.highlight(language, code).children, []);
}

function tokensOf(nodes: readonly TreeNode[], classes: readonly string[]): Token[] {
  return nodes.flatMap((node) => {
    if (node.type === "text") {
      return [{ text: node.value ?? "", classes }];
    }
    const own = node.properties?.className;
    const names = Array.isArray(own) ? own.filter((name) => typeof name === "string") : [];
    return tokensOf(node.children ?? [], [...classes, ...names]);
  });
}
