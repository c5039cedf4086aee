"""Historical candles for whoever asks, fetched where the store lacks them."""
