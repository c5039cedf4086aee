"""Features: indicators under a name, each on candles of its own length or joined from shorter ones."""
