(prerequisites (word) @reference)
