"""How much of a result is luck: statistics of the best of many trials, and runs on changed entries and prices."""
