"""Billing's use cases; each opens its transactions by itself."""
