"""A study: its trials in the store of runs, how they are made, resumed and verified."""
