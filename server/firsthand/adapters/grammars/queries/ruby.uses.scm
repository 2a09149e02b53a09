(call method: (identifier) @call)
(call receiver: (constant) @call method: (identifier) @new (#eq? @new "new"))
(superclass (constant) @base)
(superclass (scope_resolution name: (constant) @base))
(call method: (identifier) @mixin arguments: (argument_list (constant) @base)
  (#any-of? @mixin "include" "extend" "prepend"))
(call method: (identifier) @mixin arguments: (argument_list (scope_resolution name: (constant) @base))
  (#any-of? @mixin "include" "extend" "prepend"))
(constant) @reference
