(comment) @lead

(module name: (_) @name body: (_)? @body) @definition.module
(class name: (_) @name body: (_)? @body) @definition.class
(method name: (_) @name body: (_)? @body) @definition.method
(singleton_method name: (_) @name body: (_)? @body) @definition.method
(assignment left: (constant) @name right: (call method: (identifier) @maker block: (_ body: (_) @body))
  (#any-of? @maker "new" "define")) @definition.class
(assignment left: (constant) @name) @definition.constant
(call method: (identifier) @macro arguments: (argument_list . [(simple_symbol) (string)] @name)
  (#any-of? @macro "attr_reader" "attr_writer" "attr_accessor" "belongs_to" "has_many" "has_one" "scope")) @definition.field
(call method: (identifier) @macro arguments: (argument_list . [(simple_symbol) (string)] @name) block: (_ body: (_) @body)
  (#eq? @macro "define_method")) @definition.method
(call method: (identifier) @block arguments: (argument_list . (_) @name) block: (_ body: (_) @body)
  (#any-of? @block "describe" "context" "it" "specify" "test" "should" "feature" "scenario"
    "shared_examples" "shared_context")) @definition.test

(call !receiver method: (identifier) @require arguments: (argument_list (string (string_content) @target))
  (#any-of? @require "require" "require_relative" "load" "autoload")) @import
