"""What a run came to and what it was fed, as plain figures."""
