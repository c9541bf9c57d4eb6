"""The HTML report of a load test."""
