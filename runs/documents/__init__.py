"""What a run leaves to be read by programs: its result and its manifest, typed."""
