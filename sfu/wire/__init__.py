"""Wire formats: one file per format, pure functions over bytes."""
