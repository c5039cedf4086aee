"""Which settings and trading rules the compiled rules cover; everything else is run by the reference kernel."""

from collections.abc import Iterable, Iterator

from core.instrument import Instrument
from execution.execution_settings import ExecutionSettings


def uncovered_reasons(fills: ExecutionSettings, instruments: Iterable[tuple[Instrument, bool]]) -> Iterator[str]:
    """Yield what only the reference kernel has: of how orders fill, and of trading rules.

    Of each symbol's rules it is said whether later ones follow.
    """
    if fills.entry_fill == "next_typical":
        yield "entries fill at the typical price of a candle"
    for rules, changes in instruments:
        if changes:
            yield f"trading rules of {rules.symbol} that change"
        if not rules.tick_size or not rules.lot_size:
            yield f"{rules.symbol} has no tick or no lot"
