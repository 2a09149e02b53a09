[(line_comment) (block_comment) (attribute_item)] @lead

(function_item name: (_) @name body: (_) @body) @definition.function
(function_signature_item name: (_) @name) @definition.function
(struct_item name: (_) @name body: (_)? @body) @definition.struct
(union_item name: (_) @name body: (_) @body) @definition.struct
(enum_item name: (_) @name body: (_) @body) @definition.enum
(trait_item name: (_) @name body: (_) @body) @definition.trait
(impl_item type: (generic_type type: (_) @name) body: (_) @body) @definition.impl
(impl_item type: (_) @name body: (_) @body) @definition.impl
(mod_item name: (_) @name body: (_) @body) @definition.module
(foreign_mod_item body: (_) @body) @definition.module.extern
(const_item name: (_) @name) @definition.constant
(static_item name: (_) @name) @definition.constant
(type_item name: (_) @name) @definition.type
(associated_type name: (_) @name) @definition.field
(macro_definition name: (_) @name) @definition.macro

(use_declaration argument: (_) @target) @import
(extern_crate_declaration name: (_) @target) @import
