"""The only layer that knows the Language Server Protocol."""
