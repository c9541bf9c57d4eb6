"""What billing does: one module a use case; each opens its transaction by itself."""
