"""Exchanges as sources of history: the ccxt adapter, the practice market, and the protocol they share."""
