(comment) @lead
(fun_decl clause: (function_clause name: (_) @name body: (_) @body)) @definition.function
(spec) @lead
