"""The sandbox of programs: what a text may say, the worker that runs it, its limits, and what comes out as values."""
