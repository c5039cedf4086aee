"""A read of a program that the session does not answer."""


class Refusal(Exception):
    """Says in one line why a read is not answered, and what to do; the program's call ends with it."""
