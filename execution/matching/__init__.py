"""Candles meet orders: which order is met, at which price, and what follows."""
