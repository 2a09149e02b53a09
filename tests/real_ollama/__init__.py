"""An Ollama-compatible server that nobody here wrote, with a real model behind it."""
