"""The index of runs: a database that is rebuilt from their folders at any time."""
