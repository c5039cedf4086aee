"""Feeds of any exchange through ccxt."""
