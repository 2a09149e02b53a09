(comment) @lead

(function_definition declarator: (function_declarator declarator: (_) @name) body: (_) @body) @definition.function
(function_definition declarator: (_ declarator: (function_declarator declarator: (_) @name)) body: (_) @body) @definition.function
(function_definition declarator: (_ declarator: (_ declarator: (function_declarator declarator: (_) @name))) body: (_) @body) @definition.function

; A prototype: inside a function the same is a variable that is made with arguments, in C++.
((declaration declarator: (function_declarator declarator: (_) @name)) @definition.function
  (#set! within "translation_unit preproc_if preproc_ifdef preproc_else preproc_elif declaration_list"))
((declaration declarator: (pointer_declarator declarator: (function_declarator declarator: (_) @name))) @definition.function
  (#set! within "translation_unit preproc_if preproc_ifdef preproc_else preproc_elif declaration_list"))

(struct_specifier name: (_) @name body: (_) @body) @definition.struct
(union_specifier name: (_) @name body: (_) @body) @definition.struct
(enum_specifier name: (_) @name body: (_) @body) @definition.enum
(type_definition type: (struct_specifier body: (_) @body) declarator: (_) @name) @definition.struct
(type_definition type: (union_specifier body: (_) @body) declarator: (_) @name) @definition.struct
(type_definition type: (enum_specifier body: (_) @body) declarator: (_) @name) @definition.enum
(type_definition declarator: (type_identifier) @name) @definition.type
(type_definition declarator: (function_declarator declarator: (parenthesized_declarator (pointer_declarator declarator: (_) @name)))) @definition.type

(translation_unit (declaration declarator: (init_declarator declarator: (identifier) @name)) @definition.variable)
(translation_unit (declaration declarator: (init_declarator declarator: (_ declarator: (identifier) @name))) @definition.variable)
(preproc_function_def name: (_) @name) @definition.macro
(preproc_def name: (_) @name value: (_)) @definition.constant

(preproc_include path: (_) @target) @import
