(message_expression method: (identifier) @call)
(class_interface superclass: (identifier) @base)
