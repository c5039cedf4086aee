"""Other programs on the same candles and signals: each runs in an environment of its own."""
