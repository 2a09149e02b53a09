(comment) @lead

(module name: (_) @name body: (_)? @body) @definition.module
(class name: (_) @name body: (_)? @body) @definition.class
(method name: (_) @name body: (_)? @body) @definition.method
(singleton_method name: (_) @name body: (_)? @body) @definition.method
(assignment left: (constant) @name right: (call method: (identifier) @only block: (_ body: (_) @body))
  (#set! only "new define")) @definition.class
(assignment left: (constant) @name) @definition.constant
(call method: (identifier) @only arguments: (argument_list . [(simple_symbol) (string)] @name)
  (#set! only "attr_reader attr_writer attr_accessor belongs_to has_many has_one scope")) @definition.field
(call method: (identifier) @only arguments: (argument_list . [(simple_symbol) (string)] @name) block: (_ body: (_) @body)
  (#set! only "define_method")) @definition.method
(call method: (identifier) @only arguments: (argument_list . (_) @name) block: (_ body: (_) @body)
  (#set! only "describe context it specify test should feature scenario shared_examples shared_context")) @definition.test

(call !receiver method: (identifier) @only arguments: (argument_list (string (string_content) @target))
  (#set! only "require require_relative load autoload")) @import

(call receiver: (constant) @call method: (identifier) @only (#set! only "new"))
(call method: (identifier) @only arguments: (argument_list (constant) @base)
  (#set! only "include extend prepend"))
(call method: (identifier) @only arguments: (argument_list (scope_resolution name: (constant) @base))
  (#set! only "include extend prepend"))
