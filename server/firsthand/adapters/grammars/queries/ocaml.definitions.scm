(comment) @lead

(value_specification [(value_name) (parenthesized_operator)] @name) @definition.function
(external (value_name) @name) @definition.function
(type_definition (type_binding name: (_) @name) @definition.type)
(exception_definition (constructor_declaration (constructor_name) @name)) @definition.type
(module_definition (module_binding (module_name) @name body: (_)? @body)) @definition.module
(module_type_definition (module_type_name) @name body: (_)? @body) @definition.interface
(class_definition (class_binding (class_name) @name body: (_)? @body)) @definition.class
(method_definition (method_name) @name body: (_)? @body) @definition.method

(open_module module: (_) @target) @import
