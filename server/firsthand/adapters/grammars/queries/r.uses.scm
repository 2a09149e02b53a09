(call function: (identifier) @call)
(call function: (namespace_operator rhs: (identifier) @call))
