(class_interface . (identifier) @name) @definition.interface
(protocol_declaration . (identifier) @name) @definition.interface
(class_implementation . (identifier) @name) @definition.class
(method_definition (identifier) @name (compound_statement) @body) @definition.method
(method_declaration (identifier) @name) @definition.method
