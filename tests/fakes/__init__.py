"""Small honest implementations of the ports."""
