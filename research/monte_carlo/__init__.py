"""What else could have come of a run: its days and trades drawn again, reordered, left out or made dearer."""
