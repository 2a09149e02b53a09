(comment) @lead
(rule_set (selectors) @name (block) @body) @definition.key
(media_statement (_) @name (block) @body) @definition.key
(keyframes_statement (keyframes_name) @name) @definition.key
(import_statement) @import
