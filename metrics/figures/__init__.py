"""The groups of figures of a run: each a frozen value, and the function that computes it."""
