(call_expression . (simple_identifier) @call)
(call_expression . (navigation_expression suffix: (navigation_suffix suffix: (simple_identifier) @call)))
(inheritance_specifier inherits_from: (user_type (type_identifier) @base .))
(type_identifier) @reference
(navigation_expression target: (simple_identifier) @reference.proper)
(value_argument value: (simple_identifier) @reference.proper)
