"""A stand-in for Razorpay: its HTTP API, its checkout and its webhooks. No real money moves."""
