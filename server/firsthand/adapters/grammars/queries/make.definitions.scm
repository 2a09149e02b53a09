(comment) @lead
(rule (targets) @name (recipe) @body) @definition.function
(rule (targets) @name) @definition.function
(define_directive name: (_) @name) @definition.macro
