(class_heritage (identifier) @base)
(class_heritage (member_expression property: (property_identifier) @base))
