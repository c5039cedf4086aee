"""Trading rules that change during a session: tick, lot, minimums, bands."""

from collections.abc import Sequence

from core.events import RulesChange
from core.instrument import Instrument
from execution.matching.paper_venue import PaperVenue


class RuleChanges:
    """Lets dated trading rules come into force with the first step after their date.

    Parameters
    ----------
    symbols, venue
        Of the session; symbols in configured order.
    """

    def __init__(self, symbols: Sequence[str], venue: PaperVenue) -> None:
        self._symbols = symbols
        self._venue = venue
        self.waiting: list[tuple[int, int, Instrument]] = []

    def schedule(self, symbol_index: int, instruments: Sequence[Instrument]) -> None:
        """Take a symbol's later rules; each holds from its ``as_of_ms`` on."""
        dated = [(one.as_of_ms, symbol_index, one) for one in instruments if one.as_of_ms is not None]
        self.waiting = sorted([*self.waiting, *dated], key=lambda change: change[:2])

    def apply(self, time_ms: int) -> None:
        """Put the rules in force whose date lies before a step."""
        while self.waiting and self.waiting[0][0] < time_ms:
            _, index, instrument = self.waiting.pop(0)
            symbol = self._symbols[index]
            self._venue.take_rules(symbol, instrument)
            self._venue.recorder(RulesChange(time_ms, symbol, instrument.as_of_ms, instrument.source))
