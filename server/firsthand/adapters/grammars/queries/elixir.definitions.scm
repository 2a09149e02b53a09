(comment) @lead
(unary_operator operand: (call target: (identifier) @only)
  (#set! only "doc typedoc")) @lead.doc
(unary_operator operand: (call target: (identifier) @only)
  (#set! only "spec impl deprecated tag since decorate")) @lead

(call target: (identifier) @only (arguments . (alias) @name) (do_block) @body
  (#set! only "defmodule")) @definition.module
(call target: (identifier) @only (arguments . (alias) @name) (do_block) @body
  (#set! only "defprotocol")) @definition.interface
(call target: (identifier) @only (arguments . (alias) @name) (do_block) @body
  (#set! only "defimpl")) @definition.impl
(call target: (identifier) @only (arguments . [
    (call target: (identifier) @name)
    (identifier) @name
    (binary_operator left: (call target: (identifier) @name))
    (binary_operator left: (identifier) @name)
    (binary_operator operator: _ @name)] . (keywords)? @body) (do_block)? @body
  (#set! only "def defp defdelegate defguard defguardp defn defnp")) @definition.function
(call target: (identifier) @only (arguments . [
    (call target: (identifier) @name)
    (identifier) @name
    (binary_operator left: (call target: (identifier) @name))] . (keywords)? @body) (do_block)? @body
  (#set! only "defmacro defmacrop")) @definition.macro
(call target: (identifier) @only (arguments . (string) @name) (do_block) @body
  (#set! only "test describe property")) @definition.test
(unary_operator operand: (call target: (identifier) @only (arguments (binary_operator left: [
    (call target: (identifier) @name) (identifier) @name])))
  (#set! only "type opaque typep")) @definition.type
(unary_operator operand: (call target: (identifier) @only (arguments (binary_operator left:
    (call target: (identifier) @name))))
  (#set! only "callback macrocallback")) @definition.method

(call target: (identifier) @only (arguments . (alias) @target)
  (#set! only "alias import use require")) @import
(call target: (identifier) @only (arguments . (dot) @target)
  (#set! only "alias import use require")) @import

(call target: (identifier) @only (arguments . (alias) @base) (#set! only "use"))
(call target: (identifier) @only (arguments (alias) @base) (#set! only "behaviour"))
(unary_operator operand: (call target: (identifier) @only (arguments (string) @doc))
  (#set! only "moduledoc"))
