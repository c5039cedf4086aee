"""Where the program lies, and the recorded candles and messages beside it."""

import os
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

REPOSITORY = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("HARNESS_SHARED", REPOSITORY.parent / "shared"))
CANDLES = SHARED / "candles"
RECORDINGS = SHARED / "recordings"
CASES = SHARED / "cases"

T = TypeVar("T", bound=Callable[..., object] | type[unittest.TestCase])


def needs_shared(test: T) -> T:
    """Skip a test, saying why, where the recorded candles are not beside the checkout."""
    return unittest.skipUnless(CANDLES.is_dir(), f"needs the recorded candles in {CANDLES.name}/ beside the checkout")(
        test
    )
