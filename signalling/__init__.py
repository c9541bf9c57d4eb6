"""Signalling: HTTP and Socket.IO around the SFU."""
