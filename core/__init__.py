"""Values, errors and time that every other package shares; imports nothing of ours."""
