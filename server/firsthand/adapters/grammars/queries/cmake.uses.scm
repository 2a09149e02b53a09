(normal_command (identifier) @call)
