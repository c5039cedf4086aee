"""The verbs of ``python -m runs``."""
