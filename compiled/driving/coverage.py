"""Which trading rules the compiled rules cover; everything else is run by the reference kernel."""

from collections.abc import Iterable, Iterator

from core.instrument import Instrument


def rules_reasons(instruments: Iterable[tuple[Instrument, bool]]) -> Iterator[str]:
    """Yield what of the trading rules only the reference kernel has; each with whether later ones follow."""
    for rules, changes in instruments:
        if changes:
            yield f"trading rules of {rules.symbol} that change"
        if not rules.tick_size or not rules.lot_size:
            yield f"{rules.symbol} has no tick or no lot"
