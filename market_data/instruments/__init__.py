"""Symbols, trading rules and margin tables."""
