"""Which engine makes a run: the kernel, or its rules compiled; and what a compiled run needs and leaves."""
