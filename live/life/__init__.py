"""The life of a session: start, run, resume, end."""
