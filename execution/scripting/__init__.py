"""The venue as scripts use it: paper trader, execution engine, their answers."""
