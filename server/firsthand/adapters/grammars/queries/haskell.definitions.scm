[(comment) (haddock)] @lead
(declarations [(signature) (pragma)] @lead)
(instance_declarations (signature) @lead)

(declarations (function name: (_) @name match: (_) @body) @definition.function)
(declarations (function (infix operator: (_) @name) match: (_) @body) @definition.function)
(declarations (bind name: (_) @name match: (_) @body) @definition.function)
(instance_declarations (function name: (_) @name match: (_) @body) @definition.method)
(instance_declarations (bind name: (_) @name match: (_) @body) @definition.method)
(class_declarations (signature name: (_) @name) @definition.method)
(class_declarations (function name: (_) @name match: (_) @body) @definition.method)
(class_declarations (bind name: (_) @name match: (_) @body) @definition.method)
(data_type name: (_) @name) @definition.type
(newtype name: (_) @name) @definition.type
(type_synomym name: (_) @name) @definition.type
(class name: (_) @name declarations: (_)? @body) @definition.trait
(instance name: (_) @name patterns: (type_patterns . (_) @scope) declarations: (_) @body) @definition.impl
(instance name: (_) @name patterns: (type_patterns . (_) @scope)) @definition.impl

(import module: (_) @target) @import
