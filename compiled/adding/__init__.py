"""What the events of a compiled run add up to."""
