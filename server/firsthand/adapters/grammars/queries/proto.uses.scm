(message_or_enum_type) @reference
