"""What a session was fed, from its journal."""

from collections.abc import Sequence

import msgspec
import numpy as np

from runs.documents.symbol_result import SymbolInput
from runs.documents.trading_rules import contract_terms, mark_warning, trading_rules
from runs.documents.watched_input import watched_warnings
from runs.ended_session import EndedSession
from runs.figures.session_window import SessionWindow
from runs.run_input import FedSymbol, RunInput
from validation.composed_settings import Settings


def session_input(window: SessionWindow, session: EndedSession, settings: Settings) -> RunInput:
    """Return what came in.

    Parameters
    ----------
    window
        What the journal says about steps and candles.
    session
        Ended, or as it stands.
    settings
        Those it ran with.
    """
    needed, missed = session.rules.warmup_candles, window.missed_steps
    symbols = {}
    for symbol, rules in session.instruments.items():
        told = SymbolInput(
            **msgspec.structs.asdict(window.candle_counts(symbol, needed)),
            instrument=trading_rules(rules),
            rule_changes=[],
            perpetual=contract_terms(settings, symbol, rules, window.contract_input(symbol)),
        )
        warnings = _warnings(window, settings, symbol, told, needed)
        symbols[symbol] = FedSymbol(told, window.held_return(symbol), warnings)
    down = f"{missed} steps were missed while the session was down and refused every entry"
    times = np.array(window.step_times_ms, np.int64)
    watched = window.watched_inputs()
    warnings = [*([down] if missed else []), *watched_warnings(watched)]
    return RunInput(window.start_ms, window.end_ms, times, symbols, warnings=warnings, watched=watched)


def _warnings(
    window: SessionWindow, settings: Settings, symbol: str, told: SymbolInput, warmup_needed: int
) -> Sequence[str]:
    marks = mark_warning(settings, *window.missing_marks(symbol))
    warnings = [text for text in (window.ends_of(symbol).warning(), marks) if text is not None]
    if not told.candles:
        warnings.append("no candle came in; it took no part")
    elif told.warmup_missing:
        warnings.append(
            f"{told.warmup_candles} of {warmup_needed} warm-up candles were there at the start; the rest was warmed "
            "inside the session, and no order was made until then"
        )
    return warnings
