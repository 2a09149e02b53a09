(type_identifier) @reference
(superclass (type_identifier) @base)
(interfaces (type_identifier) @base)
