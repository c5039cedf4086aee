"""Ranges, and channels around a price."""
