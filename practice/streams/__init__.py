"""The practice exchange's websockets."""
