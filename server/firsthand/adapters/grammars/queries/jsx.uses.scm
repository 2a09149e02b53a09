(jsx_opening_element name: (identifier) @call.proper)
(jsx_self_closing_element name: (identifier) @call.proper)
(jsx_expression (identifier) @reference)
