"""Firsthand: answers about your code, from your code, on your machine."""

__version__ = "0.1.0"
