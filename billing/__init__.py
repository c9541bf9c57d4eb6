"""Billing: decides who may enter a paid class."""
