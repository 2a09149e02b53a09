(call expr: (atom) @call)
(call expr: (remote fun: (atom) @call))
