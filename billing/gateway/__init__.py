"""The payment gateway: what is asked of it, Razorpay's client, and an emulator of it."""
