(apply function: (variable) @call)
(apply function: (qualified id: (variable) @call))
(infix left_operand: (variable) @reference)
(infix right_operand: (variable) @reference)
(apply argument: (variable) @reference)
(deriving classes: (_ (name) @base))
(name) @reference
(constructor) @reference
