"""The folder of a run or of a session: which files it holds, and how they get there whole."""
