(application_expression . (long_identifier_or_op) @call)
(dot_expression field: (_) @call)
(long_identifier_or_op) @reference
(simple_type (long_identifier) @reference)
(class_inherits_decl (simple_type (long_identifier) @base))
(interface_implementation (simple_type (long_identifier) @base))
