"""What the load test's publishers send: a clip, and players that give it out packet by packet."""
