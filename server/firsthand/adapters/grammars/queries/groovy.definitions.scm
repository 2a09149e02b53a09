(command (unit (identifier) @only) (block . (unit (identifier) @name)) (#set! only "class interface trait enum")) @definition.class
(command (unit (identifier)) (block . (unit (func (identifier) @name))) @body) @definition.function
