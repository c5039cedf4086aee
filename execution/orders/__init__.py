"""Orders from acceptance to their end, and the orders that protect a position."""
