"""From feed events to steps: clock, barrier, and what steps wait for."""
