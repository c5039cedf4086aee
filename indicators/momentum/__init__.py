"""How fast and how far prices move, against their own recent past."""
