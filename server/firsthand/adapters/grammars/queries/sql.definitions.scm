[(comment) (marginalia)] @lead
(create_table (object_reference) @name) @definition.table
(create_view (object_reference) @name) @definition.table
(create_materialized_view (object_reference) @name) @definition.table
(create_function (object_reference) @name (function_body) @body) @definition.function
(create_function (object_reference) @name) @definition.function
(create_trigger . (keyword_create) (keyword_trigger) . (object_reference) @name) @definition.function
(create_type (object_reference) @name) @definition.type
(create_schema (identifier) @name) @definition.module
