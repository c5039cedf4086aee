"""What makes a compiled run: whether it is covered, its records, and the batches in which it runs and writes."""
