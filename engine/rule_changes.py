"""Trading rules that change during a session: tick, lot, minimums, bands."""

from collections.abc import Sequence

from core.instrument import Instrument
from engine.components import Components


class RuleChanges:
    """Lets dated trading rules come into force with the first step after their date."""

    def __init__(self, parts: Components) -> None:
        self._parts = parts
        self.waiting: list[tuple[int, int, Instrument]] = []

    def schedule(self, symbol_index: int, instruments: Sequence[Instrument]) -> None:
        """Take a symbol's later rules; each holds from its ``as_of_ms`` on."""
        dated = [(one.as_of_ms, symbol_index, one) for one in instruments if one.as_of_ms is not None]
        self.waiting = sorted([*self.waiting, *dated], key=lambda change: change[:2])

    def apply(self, time_ms: int) -> None:
        """Put the rules in force whose date lies before a step."""
        while self.waiting and self.waiting[0][0] < time_ms:
            _, index, instrument = self.waiting.pop(0)
            state = self._parts.states[index]
            state.instrument = instrument
            self._parts.account.take_rules(state.symbol, instrument)
            self._parts.book.bound(state.symbol)
            self._parts.outputs.decisions.write(
                time_ms, state.symbol, "rules", {"as_of_ms": instrument.as_of_ms, "source": instrument.source}
            )
