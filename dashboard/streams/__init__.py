"""What happens, as it happens: a hub that numbers messages, and the streams that carry them to clients."""
