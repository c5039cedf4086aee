"""The safety monitor and its limits."""
