"""Readers of exchanges' candle messages: pure functions from a frame to typed values."""
