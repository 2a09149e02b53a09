(template_declaration [(class_specifier) (struct_specifier) (function_definition) (declaration) (alias_declaration) (concept_definition)] @wrapped) @wrapper

(class_specifier name: (_) @name body: (_) @body) @definition.class
(namespace_definition name: (_) @name body: (_) @body) @definition.module
(field_declaration declarator: (function_declarator declarator: (_) @name)) @definition.method
(field_declaration declarator: (_ (function_declarator declarator: (_) @name))) @definition.method
(field_declaration_list (declaration declarator: (function_declarator declarator: (_) @name)) @definition.method)
(function_definition declarator: (_ (function_declarator declarator: (_) @name)) body: (_) @body) @definition.function
(function_definition declarator: (function_declarator declarator: (_) @name)) @definition.function
(function_definition declarator: (_) @name body: (_) @body) @definition.function
(template_declaration (declaration declarator: (function_declarator declarator: (_) @name)) @definition.function)
(alias_declaration name: (_) @name) @definition.type
(concept_definition name: (_) @name) @definition.type
(declaration_list (declaration declarator: (init_declarator declarator: (identifier) @name)) @definition.variable)
(using_declaration) @import
