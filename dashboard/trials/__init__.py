"""What is tried while somebody looks on: pools on history, programs at a moment of it, in processes of their own."""
