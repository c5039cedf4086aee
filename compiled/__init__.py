"""The rules of a session over columns, compiled: the same events as the kernel, phase by phase under its names."""
