(method_invocation name: (identifier) @call)
(object_creation_expression type: (type_identifier) @call)
(object_creation_expression type: (generic_type (type_identifier) @call))
(method_reference (identifier) @reference .)
(marker_annotation name: (identifier) @reference)
(annotation name: (identifier) @reference)

(superclass (type_identifier) @base)
(superclass (generic_type . (type_identifier) @base))
(super_interfaces (type_list (type_identifier) @base))
(super_interfaces (type_list (generic_type . (type_identifier) @base)))
(extends_interfaces (type_list (type_identifier) @base))
(extends_interfaces (type_list (generic_type . (type_identifier) @base)))

(type_identifier) @reference
(method_invocation object: (identifier) @reference.proper)
(field_access object: (identifier) @reference.proper)
(field_access field: (identifier) @reference.proper)
(argument_list (identifier) @reference.proper)
