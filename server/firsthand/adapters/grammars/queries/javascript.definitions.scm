(export_statement (_) @wrapped) @wrapper
(comment) @lead

(function_declaration name: (_) @name body: (_) @body) @definition.function
(generator_function_declaration name: (_) @name body: (_) @body) @definition.function
(class_declaration name: (_) @name body: (_) @body) @definition.class
(method_definition name: (_) @name body: (_) @body) @definition.method

(lexical_declaration (variable_declarator name: (identifier) @name
  value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)
          (generator_function body: (_) @body)])) @definition.function
(variable_declaration (variable_declarator name: (identifier) @name
  value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)])) @definition.function
(lexical_declaration (variable_declarator name: (identifier) @name
  value: (class body: (_) @body))) @definition.class
(program (lexical_declaration (variable_declarator name: (identifier) @name
  value: (call_expression arguments: (arguments [(arrow_function body: (statement_block) @body)
    (function_expression body: (_) @body)])))) @definition.function)
(program (export_statement (lexical_declaration (variable_declarator name: (identifier) @name
  value: (call_expression arguments: (arguments [(arrow_function body: (statement_block) @body)
    (function_expression body: (_) @body)])))) @definition.function))

(program (lexical_declaration (variable_declarator name: (identifier) @name)) @definition.variable)
(program (variable_declaration (variable_declarator name: (identifier) @name)) @definition.variable)
(program (export_statement
  (lexical_declaration (variable_declarator name: (identifier) @name)) @definition.variable))

(export_statement "default" value: [(function_expression body: (_) @body)
  (arrow_function body: (_) @body)]) @definition.function.default
(export_statement "default" value: (class body: (_) @body)) @definition.class.default
(export_statement "default" value: [
  (binary_expression right: (function_expression name: (_) @name body: (_) @body) @definition.function)
  (call_expression arguments: (arguments (function_expression name: (_) @name body: (_) @body) @definition.function))])

(expression_statement (assignment_expression
  left: (member_expression property: (property_identifier) @name) @scoped
  right: [(function_expression body: (_) @body) (arrow_function body: (_) @body)])) @definition.function
(expression_statement (assignment_expression
  left: (member_expression property: (property_identifier) @name) @scoped
  right: (class body: (_) @body))) @definition.class

(program (expression_statement (assignment_expression
  left: (member_expression property: (property_identifier) @name) @scoped
  right: (call_expression arguments: (arguments [(arrow_function body: (statement_block) @body)
    (function_expression body: (_) @body)])))) @definition.function)

(pair key: (property_identifier) @name
  value: [(function_expression body: (_) @body) (arrow_function body: (statement_block) @body)]) @definition.method

(expression_statement (call_expression
  function: [(identifier) @only (member_expression object: (identifier) @only)
             (call_expression function: (member_expression object: (identifier) @only))]
  arguments: (arguments . [(string) (template_string)] @name
    [(arrow_function body: (_) @body) (function_expression body: (_) @body)])
  (#set! only "describe it test suite context specify bench"))) @definition.test

(import_statement source: (string (string_fragment) @target)) @import
(export_statement source: (string (string_fragment) @target)) @import
(lexical_declaration (variable_declarator value: (call_expression function: (identifier) @only
  arguments: (arguments (string (string_fragment) @target)))) (#set! only "require")) @import
(variable_declaration (variable_declarator value: (call_expression function: (identifier) @only
  arguments: (arguments (string (string_fragment) @target)))) (#set! only "require")) @import
