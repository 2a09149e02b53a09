(list_lit . value: (sym_lit name: (sym_name) @call)
  (#set! never "defn defn- def let fn if when cond do ns defmacro defonce loop recur case"))
