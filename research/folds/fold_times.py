"""Where folds lie in a window: which candles parameters are searched on, and which they are tried on afterwards."""

import msgspec

from core.errors import ConfigurationError
from core.time_range import TimeRange
from core.timeframe import ceil_to_grid, timeframe_name

MOST_FOLDS = 1000


class FoldScheme(msgspec.Struct, frozen=True, kw_only=True):
    """How long the parts of a fold are.

    Parameters
    ----------
    train_ms, test_ms
        What is set aside for the search, and the test that follows; the next fold begins a test later.
    purge_ms
        Off the end of what is set aside: the search does not see it.
    embargo_ms
        Between what is set aside and the test.
    anchored
        Whether every search begins where the first does; else it goes along.
    """

    train_ms: int
    test_ms: int
    purge_ms: int = 0
    embargo_ms: int = 0
    anchored: bool = False


class Fold(msgspec.Struct, frozen=True):
    """The range that parameters are searched on, and the later one that they are tried on; ``number`` is from 1."""

    number: int
    train: TimeRange
    test: TimeRange


def folds_of(window: TimeRange, scheme: FoldScheme, candle_ms: int) -> list[Fold]:
    """Return the folds of a window, in order; their tests follow one another without a hole.

    What is left at the end of the window, shorter than a test, is in no fold.

    Raises
    ------
    ConfigurationError
        If nothing is left of the search, not one fold fits, or more than a thousand do.

    Examples
    --------
    >>> scheme = FoldScheme(train_ms=40, test_ms=20, purge_ms=10)
    >>> [(one.train.to_tuple_ms(), one.test.to_tuple_ms()) for one in folds_of(TimeRange(0, 90), scheme, 10)]
    [((0, 30), (40, 60)), ((20, 50), (60, 80))]
    """
    if scheme.purge_ms >= scheme.train_ms:
        raise ConfigurationError(
            f"purge: {timeframe_name(scheme.purge_ms)} leaves nothing of train {timeframe_name(scheme.train_ms)} — "
            "allowed: a shorter one"
        )
    start_ms = ceil_to_grid(window.start_ms, candle_ms)
    first_ms = start_ms + scheme.train_ms + scheme.embargo_ms
    count = (window.end_ms - first_ms) // scheme.test_ms
    if count < 1:
        parts = [("train", scheme.train_ms), ("embargo", scheme.embargo_ms), ("test", scheme.test_ms)]
        told = " + ".join(f"{name} {timeframe_name(length)}" for name, length in parts if length)
        raise ConfigurationError(
            f"{told} do not fit into the window from {window} — allowed: shorter ones, or a longer window"
        )
    if count > MOST_FOLDS:
        raise ConfigurationError(
            f"test: {timeframe_name(scheme.test_ms)} makes {count:,} folds of the window from {window} — allowed: at "
            f"most {MOST_FOLDS:,}, with a longer test"
        )
    tests = [TimeRange(start, start + scheme.test_ms) for start in range(
        first_ms, first_ms + count * scheme.test_ms, scheme.test_ms)]  # fmt: skip
    return [Fold(number, _train(test, scheme, start_ms), test) for number, test in enumerate(tests, 1)]


def _train(test: TimeRange, scheme: FoldScheme, start_ms: int) -> TimeRange:
    aside_end_ms = test.start_ms - scheme.embargo_ms
    begins_ms = start_ms if scheme.anchored else aside_end_ms - scheme.train_ms
    return TimeRange(begins_ms, aside_end_ms - scheme.purge_ms)
