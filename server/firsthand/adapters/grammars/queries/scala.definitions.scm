[(comment) (block_comment)] @lead

(class_definition name: (_) @name body: (_)? @body) @definition.class
(object_definition name: (_) @name body: (_)? @body) @definition.class
(package_object name: (_) @name body: (_)? @body) @definition.class
(trait_definition name: (_) @name body: (_)? @body) @definition.trait
(enum_definition name: (_) @name body: (_) @body) @definition.enum
(function_definition name: (_) @name body: (_) @body) @definition.function
(function_declaration name: (_) @name) @definition.function
(given_definition name: (_) @name body: (_) @body) @definition.variable
(template_body (val_definition pattern: (_) @name) @definition.field)
(template_body (var_definition pattern: (_) @name) @definition.field)
(compilation_unit (val_definition pattern: (_) @name) @definition.variable)
(type_definition name: (_) @name) @definition.type
(call_expression function: (call_expression function: (identifier) @only arguments: (arguments . (string) @name))
  arguments: (block) @body (#set! only "test it describe property")) @definition.test

(import_declaration) @import
