"""Billing sells classes: accounts, catalogue, payments, enrolments. See docs/payments.md."""
