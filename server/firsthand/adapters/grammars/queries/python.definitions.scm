(decorated_definition definition: (_) @wrapped) @wrapper
(comment) @lead

(function_definition name: (identifier) @name body: (block) @body) @definition.function
(class_definition name: (identifier) @name body: (block) @body) @definition.class

(module (assignment left: (identifier) @name) @definition.variable)
(module (type_alias_statement left: (type (identifier) @name)) @definition.type)
(class_definition body: (block (assignment left: (identifier) @name) @definition.field))

(import_statement name: (dotted_name) @target) @import
(import_statement name: (aliased_import name: (dotted_name) @target)) @import
(import_from_statement module_name: (_) @target) @import
(future_import_statement) @import
