"""What is checked of market data on the way in."""
