"""A faithful Ollama on a real socket, without any model behind it: deterministic, scriptable, observable."""
