"""What perpetual contracts have beside candles."""
