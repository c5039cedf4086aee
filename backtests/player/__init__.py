"""Runs that are driven by hand, or that give their states as they go: they only read the kernel."""
