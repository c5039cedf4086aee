"""Programs of a user: what wakes them, the sandbox they run in, and the strategy that they are inside the kernel."""
