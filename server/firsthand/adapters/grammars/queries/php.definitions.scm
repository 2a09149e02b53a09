(comment) @lead

(class_declaration name: (_) @name body: (_) @body) @definition.class
(interface_declaration name: (_) @name body: (_) @body) @definition.interface
(trait_declaration name: (_) @name body: (_) @body) @definition.trait
(enum_declaration name: (_) @name body: (_) @body) @definition.enum
(method_declaration name: (_) @name body: (_) @body) @definition.method
(method_declaration name: (_) @name) @definition.method
(function_definition name: (_) @name body: (_) @body) @definition.function
(property_declaration (property_element name: (variable_name (name) @name))) @definition.field
(declaration_list (const_declaration (const_element . (name) @name)) @definition.field)
(program (const_declaration (const_element . (name) @name)) @definition.constant)
(program (expression_statement (assignment_expression left: (variable_name (name) @name)
  right: [(anonymous_function body: (_) @body) (arrow_function body: (_) @body)])) @definition.function)
(expression_statement (function_call_expression function: (name) @only
  arguments: (arguments . (argument (string) @name)
    (argument [(anonymous_function body: (_) @body) (arrow_function body: (_) @body)]))
  (#set! only "it test describe"))) @definition.test

(namespace_use_declaration (namespace_use_clause) @target) @import
(namespace_use_declaration (namespace_use_group) @target) @import
(expression_statement [(require_expression (_) @target) (require_once_expression (_) @target)
  (include_expression (_) @target) (include_once_expression (_) @target)]) @import
