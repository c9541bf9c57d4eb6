"""The media of the load test's publishers: a clip, and players that give it out by packets."""
