(function_call_expression function: (_) @call)
(method_call_expression method: (_) @call)
