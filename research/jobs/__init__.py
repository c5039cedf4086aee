"""Who does the jobs of the run store: a process of its own or a thread of another, by the same code."""
