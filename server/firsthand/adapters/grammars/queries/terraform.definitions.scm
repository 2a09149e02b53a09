(comment) @lead
(config_file (body (block (string_lit (template_literal) @scope) . (string_lit (template_literal) @name)) @definition.key))
(config_file (body (block (string_lit (template_literal) @name)) @definition.key))
(config_file (body (block . (identifier) @name) @definition.key))
(config_file (body (attribute . (identifier) @name) @definition.key))
