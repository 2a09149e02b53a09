[(line_comment) (block_comment)] @lead

(file (declaration_expression (function_or_value_defn
  (function_declaration_left . (access_modifier)? . (_) @name) body: (_) @body)) @definition.function)
(file (declaration_expression (function_or_value_defn
  (value_declaration_left (identifier_pattern (long_identifier_or_op) @name)))) @definition.variable)
(namespace (declaration_expression (function_or_value_defn
  (function_declaration_left . (access_modifier)? . (_) @name) body: (_) @body)) @definition.function)
(namespace (declaration_expression (function_or_value_defn
  (value_declaration_left (identifier_pattern (long_identifier_or_op) @name)))) @definition.variable)
(named_module (declaration_expression (function_or_value_defn
  (function_declaration_left . (access_modifier)? . (_) @name) body: (_) @body)) @definition.function)
(named_module (declaration_expression (function_or_value_defn
  (value_declaration_left (identifier_pattern (long_identifier_or_op) @name)))) @definition.variable)
(module_defn (declaration_expression (function_or_value_defn
  (function_declaration_left . (access_modifier)? . (_) @name) body: (_) @body)) @definition.function)
(module_defn (declaration_expression (function_or_value_defn
  (value_declaration_left (identifier_pattern (long_identifier_or_op) @name)))) @definition.variable)
(module_defn (identifier) @name block: (_) @body) @definition.module
(type_definition (anon_type_defn (type_name type_name: (_) @name) block: (_)? @body)) @definition.class
(type_definition (record_type_defn (type_name type_name: (_) @name))) @definition.struct
(type_definition (union_type_defn (type_name type_name: (_) @name))) @definition.type
(type_definition (_ (type_name type_name: (_) @name))) @definition.type
(exception_definition exception_name: (long_identifier) @name) @definition.type
(member_defn (method_or_prop_defn name: (property_or_ident method: (_) @name))) @definition.method
(member_defn (method_or_prop_defn name: (property_or_ident . (identifier) @name .))) @definition.method
(member_defn (member_signature . (identifier) @name)) @definition.method

(import_decl (long_identifier) @target) @import
