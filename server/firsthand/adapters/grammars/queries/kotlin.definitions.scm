[(line_comment) (multiline_comment)] @lead

(class_declaration "interface" (type_identifier) @name (class_body)? @body) @definition.interface
(class_declaration "enum" (type_identifier) @name (enum_class_body)? @body) @definition.enum
(class_declaration (type_identifier) @name (class_body)? @body) @definition.class
(object_declaration (type_identifier) @name (class_body)? @body) @definition.class
(companion_object (type_identifier) @name (class_body) @body) @definition.class
(companion_object (class_body) @body) @definition.class.Companion
(function_declaration receiver: (receiver_type (user_type (type_identifier) @scope .))
  (simple_identifier) @name (function_body) @body) @definition.function
(function_declaration receiver: (receiver_type (user_type (type_identifier) @scope .))
  (simple_identifier) @name) @definition.function
(function_declaration (simple_identifier) @name (function_body) @body) @definition.function
(function_declaration (simple_identifier) @name) @definition.function
(secondary_constructor (statements) @body) @definition.method.constructor
(class_body (property_declaration (variable_declaration (simple_identifier) @name)) @definition.field)
(source_file (property_declaration (variable_declaration (simple_identifier) @name)) @definition.variable)
(type_alias (type_identifier) @name) @definition.type

(import_header (identifier) @target) @import
