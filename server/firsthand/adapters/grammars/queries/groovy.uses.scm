(func (identifier) @call)
