"""What is known of exchanges and how their answers are read, for history and live alike; nothing here sends."""
