[(comment) (pod)] @lead
(subroutine_declaration_statement name: (_) @name body: (_) @body) @definition.function
(use_statement module: (_) @target) @import
