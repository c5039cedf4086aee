"""Stores of runs for tests: a real PostgreSQL, and what is put into them."""
