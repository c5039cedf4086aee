"""The tear sheet: a run as one picture to share, or as a document; drawn by matplotlib."""
