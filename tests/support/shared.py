"""Where the recorded candles and messages lie, beside the checkout."""

import os
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

SHARED = Path(os.environ.get("HARNESS_SHARED", Path(__file__).resolve().parents[2].parent / "shared"))
CANDLES = SHARED / "candles"
RECORDINGS = SHARED / "recordings"

T = TypeVar("T", bound=Callable[..., object] | type[unittest.TestCase])


def needs_shared(test: T) -> T:
    """Skip a test, saying why, where the recorded candles are not beside the checkout."""
    return unittest.skipUnless(CANDLES.is_dir(), f"needs the recorded candles in {CANDLES.name}/ beside the checkout")(
        test
    )
