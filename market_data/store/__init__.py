"""Candles and contract data on the disk."""
