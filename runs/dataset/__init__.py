"""A run as a table for machine learning: features, decisions and what followed, a row for each candle."""
