"""What the practice exchange has published, and when."""
