"""Answers of the practice exchange's REST interface."""
