"""The verbs of ``python -m systems``: what they print, what they write, what they ask."""
