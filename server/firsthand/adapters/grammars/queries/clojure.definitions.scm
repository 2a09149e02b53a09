(comment) @lead
(list_lit . value: (sym_lit name: (sym_name) @only) . value: (sym_lit name: (sym_name) @name)
  (#set! only "defn defn- defmulti defmethod deftest")) @definition.function
(list_lit . value: (sym_lit name: (sym_name) @only) . value: (sym_lit name: (sym_name) @name)
  (#set! only "defmacro")) @definition.macro
(list_lit . value: (sym_lit name: (sym_name) @only) . value: (sym_lit name: (sym_name) @name)
  (#set! only "defrecord deftype defprotocol definterface")) @definition.class
(list_lit . value: (sym_lit name: (sym_name) @only) . value: (sym_lit name: (sym_name) @name)
  (#set! only "def defonce")) @definition.variable
