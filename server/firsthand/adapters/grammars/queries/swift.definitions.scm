[(comment) (multiline_comment)] @lead

(class_declaration "extension" name: (_) @name body: (_) @body) @definition.impl
(class_declaration "struct" name: (_) @name body: (_) @body) @definition.struct
(class_declaration "enum" name: (_) @name body: (_) @body) @definition.enum
(class_declaration name: (_) @name body: (_) @body) @definition.class
(protocol_declaration name: (_) @name body: (_) @body) @definition.interface
(function_declaration name: (simple_identifier) @name body: (_) @body) @definition.function
(function_declaration name: (_) @name body: (_) @body) @definition.function
(protocol_function_declaration name: (_) @name) @definition.method
(init_declaration body: (_) @body) @definition.method.init
(deinit_declaration body: (_) @body) @definition.method.deinit
(subscript_declaration) @definition.method.subscript
(class_body (property_declaration name: (pattern) @name) @definition.field)
(enum_class_body (property_declaration name: (pattern) @name) @definition.field)
(protocol_property_declaration name: (pattern bound_identifier: (_) @name)) @definition.field
(source_file (property_declaration name: (pattern) @name) @definition.variable)
(typealias_declaration name: (type_identifier) @name) @definition.type

(import_declaration (identifier) @target) @import
