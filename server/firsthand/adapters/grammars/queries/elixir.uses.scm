(call target: (identifier) @call
  (#set! never "def defp defmodule defmacro defmacrop defstruct defimpl defprotocol alias import use require test describe doc moduledoc spec type typedoc impl typep"))
(call target: (dot right: (identifier) @call))
(alias) @reference
