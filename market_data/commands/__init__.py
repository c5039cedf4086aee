"""The verbs of ``python -m market_data``."""
