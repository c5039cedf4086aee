"""What is searched: parameters with their ranges, conditions on them, the points that they allow."""
