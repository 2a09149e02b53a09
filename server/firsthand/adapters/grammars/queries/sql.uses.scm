(invocation (object_reference name: (identifier) @call))
(object_reference name: (identifier) @reference)
