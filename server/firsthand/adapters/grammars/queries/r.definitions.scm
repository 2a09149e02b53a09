(comment) @lead
(binary_operator lhs: (_) @name rhs: (function_definition body: (_) @body)) @definition.function
