(function_call . (identifier) @call)
(get_attr (identifier) @reference)
