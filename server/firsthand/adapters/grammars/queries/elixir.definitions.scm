(comment) @lead
(unary_operator operand: (call target: (identifier) @attribute)
  (#any-of? @attribute "doc" "typedoc")) @lead.doc
(unary_operator operand: (call target: (identifier) @attribute)
  (#any-of? @attribute "spec" "impl" "deprecated" "tag" "since" "decorate")) @lead

(call target: (identifier) @keyword (arguments . (alias) @name) (do_block) @body
  (#eq? @keyword "defmodule")) @definition.module
(call target: (identifier) @keyword (arguments . (alias) @name) (do_block) @body
  (#eq? @keyword "defprotocol")) @definition.interface
(call target: (identifier) @keyword (arguments . (alias) @name) (do_block) @body
  (#eq? @keyword "defimpl")) @definition.impl
(call target: (identifier) @keyword (arguments . [
    (call target: (identifier) @name)
    (identifier) @name
    (binary_operator left: (call target: (identifier) @name))
    (binary_operator left: (identifier) @name)
    (binary_operator operator: _ @name)] . (keywords)? @body) (do_block)? @body
  (#any-of? @keyword "def" "defp" "defdelegate" "defguard" "defguardp" "defn" "defnp")) @definition.function
(call target: (identifier) @keyword (arguments . [
    (call target: (identifier) @name)
    (identifier) @name
    (binary_operator left: (call target: (identifier) @name))] . (keywords)? @body) (do_block)? @body
  (#any-of? @keyword "defmacro" "defmacrop")) @definition.macro
(call target: (identifier) @keyword (arguments . (string) @name) (do_block) @body
  (#any-of? @keyword "test" "describe" "property")) @definition.test
(call target: (identifier) @keyword (#any-of? @keyword "defstruct" "defexception")) @definition.field.struct
(unary_operator operand: (call target: (identifier) @attribute (arguments (binary_operator left: [
    (call target: (identifier) @name) (identifier) @name])))
  (#any-of? @attribute "type" "opaque" "typep")) @definition.type
(unary_operator operand: (call target: (identifier) @attribute (arguments (binary_operator left:
    (call target: (identifier) @name))))
  (#any-of? @attribute "callback" "macrocallback")) @definition.method

(call target: (identifier) @keyword (arguments . (alias) @target)
  (#any-of? @keyword "alias" "import" "use" "require")) @import
(call target: (identifier) @keyword (arguments . (dot) @target)
  (#any-of? @keyword "alias" "import" "use" "require")) @import
