(call target: (identifier) @call
  (#not-any-of? @call "def" "defp" "defmodule" "defmacro" "defmacrop" "defstruct" "defimpl" "defprotocol"
    "alias" "import" "use" "require" "test" "describe" "doc" "moduledoc" "spec" "type" "typedoc" "impl" "typep"))
(call target: (dot right: (identifier) @call))
(alias) @reference
(call target: (identifier) @keyword (arguments . (alias) @base) (#eq? @keyword "use"))
(call target: (identifier) @attribute (arguments (alias) @base) (#eq? @attribute "behaviour"))
(unary_operator operand: (call target: (identifier) @attribute (arguments (string) @doc))
  (#eq? @attribute "moduledoc"))
