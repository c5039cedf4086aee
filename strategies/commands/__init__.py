"""The verbs of ``python -m strategies``."""
