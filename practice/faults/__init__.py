"""What goes wrong on the practice exchange, by script."""
