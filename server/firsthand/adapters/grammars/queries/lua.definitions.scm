(comment) @lead

(function_declaration name: (_) @name body: (_)? @body) @definition.function
(assignment_statement (variable_list . name: (_) @name .)
  (expression_list . value: (function_definition body: (_)? @body))) @definition.function
(chunk local_declaration: (variable_declaration (assignment_statement (variable_list . name: (identifier) @name))) @definition.variable)
(chunk (assignment_statement (variable_list . name: (dot_index_expression) @name .)) @definition.variable)
(field name: (identifier) @name value: (function_definition body: (_)? @body)) @definition.function
(function_call name: (identifier) @only
  arguments: (arguments . (string) @name (function_definition body: (_)? @body))
  (#set! only "describe it context test insulate pending")) @definition.test
(variable_declaration (assignment_statement) @wrapped) @wrapper

(variable_declaration (assignment_statement (expression_list value: (function_call name: (identifier) @only
  arguments: (arguments (string content: (_) @target)))) (#set! only "require"))) @import
