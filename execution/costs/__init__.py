"""What a fill costs: commission, slippage, spread."""
