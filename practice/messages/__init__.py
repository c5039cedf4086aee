"""What the practice exchange sends and understands, as the real one writes it."""
