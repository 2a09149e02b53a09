"""The domain: knows no vendor, no protocol, no other layer."""
