[(comment) (documentation_comment)] @lead
(class_definition name: (_) @name body: (_) @body) @definition.class
(mixin_declaration (identifier) @name) @definition.class
(enum_declaration name: (_) @name body: (_) @body) @definition.enum
(extension_declaration name: (_) @name body: (_) @body) @definition.impl
(class_body (method_signature (function_signature name: (_) @name)) @definition.method . (function_body) @body)
(class_body (method_signature (constructor_signature name: (_) @name)) @definition.method . (function_body)? @body)
(class_body (method_signature (getter_signature name: (_) @name)) @definition.method . (function_body) @body)
(program (function_signature name: (_) @name) @definition.function . (function_body) @body)
(import_or_export (library_import (import_specification (configurable_uri) @target))) @import
