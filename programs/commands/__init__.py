"""The verbs of ``python -m programs``."""
