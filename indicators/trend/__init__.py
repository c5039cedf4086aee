"""Whether there is a trend, its direction, and lines that follow it."""
