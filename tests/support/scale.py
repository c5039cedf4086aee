"""How many examples a test runs: few in ``make test``, the full count in ``make test-long``."""

import os

LONG = os.environ.get("HARNESS_TEST_SCALE") == "long"


def scaled(short: int, long: int) -> int:
    """Return ``short``, or ``long`` when the full counts are asked for."""
    return long if LONG else short
