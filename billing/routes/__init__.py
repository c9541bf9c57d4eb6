"""HTTP: handlers that decode, ask a service, and encode."""
