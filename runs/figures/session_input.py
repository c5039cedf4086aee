"""What a session was fed, from its journal."""

from collections.abc import Sequence

import msgspec
import numpy as np
from msgspec import UNSET, UnsetType

from engine.session import Session
from market_data.candle_columns import Int64Array
from runs.documents.symbol_result import SymbolInput
from runs.documents.trading_rules import contract_terms, mark_warning, trading_rules
from runs.figures.session_window import SessionWindow
from runs.run_input import FedSymbol
from validation.composed_settings import Settings


class SessionInput:
    """The input of a session, as :class:`runs.run_input.RunInput`.

    Parameters
    ----------
    window
        What its journal says about its steps and candles.
    session
        Ended, or as it stands.
    settings
        Those it ran with.
    """

    def __init__(self, window: SessionWindow, session: Session, settings: Settings) -> None:
        self._window = window
        self._settings = settings
        self._instruments = session.instruments
        self._warmup_needed = session.rules.warmup_candles

    @property
    def start_ms(self) -> int | None:
        """Open of the first step's candles in UTC milliseconds; None before a step."""
        return self._window.start_ms

    @property
    def end_ms(self) -> int | None:
        """Time of the last step in UTC milliseconds; None before a step."""
        return self._window.end_ms

    @property
    def step_times_ms(self) -> Int64Array:
        """Times of the steps so far."""
        return np.array(self._window.step_times_ms, np.int64)

    @property
    def data_sha256(self) -> UnsetType:
        """Nothing: the data is the journal."""
        return UNSET

    @property
    def warnings(self) -> Sequence[str]:
        """What a reader must know of the session as a whole."""
        missed = self._window.missed_steps
        return [f"{missed} steps were missed while the session was down and refused every entry"] if missed else []

    def fed(self, symbol: str) -> FedSymbol:
        """Return what came in of a symbol."""
        window, rules = self._window, self._instruments[symbol]
        told = SymbolInput(
            **msgspec.structs.asdict(window.candle_counts(symbol, self._warmup_needed)),
            instrument=trading_rules(rules),
            rule_changes=[],
            perpetual=contract_terms(self._settings, symbol, rules, window.contract_input(symbol)),
        )
        return FedSymbol(told, window.held_return(symbol), self._warnings(symbol, told))

    def _warnings(self, symbol: str, told: SymbolInput) -> Sequence[str]:
        ends = self._window.ends_of(symbol).warning()
        marks = mark_warning(self._settings, *self._window.missing_marks(symbol))
        warnings = [text for text in (ends, marks) if text is not None]
        if not told.candles:
            warnings.append("no candle came in; it took no part")
        elif told.warmup_missing:
            warnings.append(
                f"{told.warmup_candles} of {self._warmup_needed} warm-up candles were there at the start; the rest was "
                "warmed inside the session, and no order was made until then"
            )
        return warnings
