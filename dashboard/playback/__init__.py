"""Playbacks of a server: each a process of its own, driven by requests and shown to whoever listens."""
