"""What volume says of a price."""
