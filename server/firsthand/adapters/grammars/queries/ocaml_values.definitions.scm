; What an interface does not have: values with a body, at the top or in a module.
(compilation_unit (value_definition
  (let_binding pattern: (_) @name (parameter) body: (_) @body) @definition.function))
(compilation_unit (value_definition
  (let_binding pattern: (value_name) @name body: [(fun_expression) (function_expression)] @body) @definition.function))
(compilation_unit (value_definition (let_binding pattern: (value_name) @name) @definition.variable))
(structure (value_definition
  (let_binding pattern: (_) @name (parameter) body: (_) @body) @definition.function))
(structure (value_definition
  (let_binding pattern: (value_name) @name body: [(fun_expression) (function_expression)] @body) @definition.function))
(structure (value_definition (let_binding pattern: (value_name) @name) @definition.variable))
