"""Feeds of Binance and of whoever speaks as it does."""
