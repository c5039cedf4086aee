"""Parity: a session against its journal and against history."""
