"""Statistics of a window of values, extremes and earlier values."""
