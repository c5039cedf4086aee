"""What a run is and what it came to: its identity, its documents, the format of its folder and its figures."""
