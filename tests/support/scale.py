"""How many examples a test runs, and from which seed.

``make test`` runs few examples, the same each time. ``make test-long`` (``HARNESS_TEST_SCALE=long``) runs the full
counts from a seed that it prints; ``HARNESS_TEST_SEED`` repeats a run.
"""

import os
import sys

from hypothesis import core, settings
from hypothesis.internal.conjecture import providers

LONG = os.environ.get("HARNESS_TEST_SCALE") == "long"
SEED = int(os.environ.get("HARNESS_TEST_SEED") or int.from_bytes(os.urandom(4), "big")) if LONG else 0

# How long an example takes is a matter of what else the machine does.
settings.register_profile("short", derandomize=True, database=None, deadline=None, print_blob=True)
settings.register_profile("long", database=None, deadline=None, print_blob=True)
settings.load_profile("long" if LONG else "short")

if LONG:
    core.global_force_seed = SEED
    print(f"seed of this run: HARNESS_TEST_SEED={SEED}", file=sys.stderr)
else:
    # Numbers of the program's own modules are tried too, of those that a process has imported by then: the examples of
    # a test would depend on what else is run beside it.
    providers.is_local_module_file = lambda path: False


def scaled(short: int, long: int) -> int:
    """Return ``short``, or ``long`` when the full counts are asked for."""
    return long if LONG else short
