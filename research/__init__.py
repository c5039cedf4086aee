"""Research on many runs: what was found, and how much of it is luck."""
