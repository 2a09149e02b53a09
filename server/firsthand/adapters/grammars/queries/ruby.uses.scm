(call method: (identifier) @call)
(superclass (constant) @base)
(superclass (scope_resolution name: (constant) @base))
(constant) @reference
