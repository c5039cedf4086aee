"""The queue of jobs in the run store: work that was asked for, and who does it."""
