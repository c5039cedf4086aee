"""Live paper trading: ingress, barrier, session folder and terminal view around the kernel."""
