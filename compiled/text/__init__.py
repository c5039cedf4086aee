"""The text of a compiled run: the lines of core.event_lines, from its records, in batches."""
