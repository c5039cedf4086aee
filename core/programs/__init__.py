"""A user's program as the outputs tell it."""
