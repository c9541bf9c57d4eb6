"""Participants of a load test: real signalling, ICE, DTLS and SRTP, and nothing is decoded."""
