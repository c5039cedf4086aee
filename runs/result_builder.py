"""Builds the result of a run from its session and from what it was fed; the only place that does."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from msgspec import UNSET, UnsetType

from core.events import CandleMove
from core.instants import format_ms
from execution.money.cash_transfer import CashTransfer
from runs.documents.program_result import program_result, program_warnings
from runs.documents.run_config import run_config
from runs.documents.run_result import RunResult, Transferred
from runs.ended_session import EndedSession
from runs.figures.account_figures import Period, performance_of, statistics_of, symbol_results
from runs.identity.run_hashes import run_hashes
from runs.run_input import RunInput
from validation.composed_settings import Settings


class OutputPlaces(NamedTuple):
    """Where a run's outputs lie: its trade log, and the folder of everything else; and its id, where it has one."""

    log_file: Path
    folder: Path
    run_id: str | UnsetType = UNSET


def build_result(
    session: EndedSession,
    settings: Settings,
    fed: RunInput,
    places: OutputPlaces | None = None,
    *,
    partial: bool = False,
) -> RunResult:
    """Return what a run came to.

    Parameters
    ----------
    session
        Ended, or as it stands.
    settings
        Those it ran with.
    fed
        What it was fed.
    places
        Where its outputs are; left out of the result when None.
    partial
        Whether the run was cut short; it is then judged by the time that it covers.
    """
    start_ms, end_ms, ran_to_ms = fed.start_ms, fed.end_ms, session.last_step_ms
    period = None
    if start_ms is not None and end_ms is not None:
        covered_ms = ran_to_ms if partial and ran_to_ms is not None else end_ms
        period = Period(start_ms, covered_ms, fed.step_times_ms)
    hashes = run_hashes(session.outputs, settings, fed.data_sha256)
    counts = session.statistics.program
    program = UNSET if counts is None else program_result(counts)
    returns = [one.held_return for one in fed.symbols.values() if one.held_return is not None]
    return RunResult(
        config=run_config(settings.live, session.rules.strategy_name, start_ms, end_ms, ran_to_ms),
        statistics=statistics_of(session, settings.risk.default_risk_per_trade),
        performance=performance_of(session, period, returns),
        symbols=symbol_results(session, fed.symbols),
        watched=dict(fed.watched) or UNSET,
        program=program,
        transfers=[_transferred(one) for one in session.account.transfers] or UNSET,
        log_file=UNSET if places is None else str(places.log_file),
        output_dir=UNSET if places is None else str(places.folder),
        run_id=UNSET if places is None else places.run_id,
        trades_sha256=hashes.trades_sha256,
        orders_sha256=hashes.orders_sha256,
        ledger_sha256=hashes.ledger_sha256,
        settings_sha256=hashes.settings_sha256,
        strategy_sha256=hashes.strategy_sha256,
        data_sha256=hashes.data_sha256,
        code_version=hashes.code_version,
        partial=partial,
        warnings=[
            *_warnings(session, fed, partial=partial),
            *([] if program is UNSET else program_warnings(program)),
        ],
    )


def _transferred(transfer: CashTransfer) -> Transferred:
    return Transferred(format_ms(transfer.time_ms), float(transfer.amount), transfer.equity)


_LACKING = {
    "stop_distance": "a stop above 0; a signal gives its distance, its price or the atr that measures one",
    "target_distance": "a target above 0; a signal gives its distance or its price, or none",
}
"""What an entry lacks, by the reason of its refusal."""


def _without_distance(session: EndedSession) -> Iterator[str]:
    """Yield how many entries were refused for their distances: a strategy that never trades may be one that errs."""
    for reason, lacking in _LACKING.items():
        first = session.statistics.first_refused.get(reason)
        if first is not None:
            (time_ms, symbol), count = first, session.statistics.refusals[reason]
            entries = "1 entry was" if count == 1 else f"{count:,} entries were"
            whose = f"{session.rules.strategy_name}'s first on {symbol}"
            yield f"{entries} refused, {whose} at the close {format_ms(time_ms)}, for lack of {lacking}"


def _warnings(session: EndedSession, fed: RunInput, *, partial: bool) -> list[str]:
    """Return what the reader of a result must know: of each symbol, of the input, of the session."""
    warnings = [f"{symbol}: {text}" for symbol, one in fed.symbols.items() for text in one.warnings]
    warnings += fed.warnings
    warnings += [_moved(move) for move in session.candle_moves]
    if session.kill_switch_engaged:
        warnings.append("the kill switch is engaged: every entry is refused")
    if session.paused:
        warnings.append("an operator has paused the session: every entry is refused")
    warnings += _without_distance(session)
    if session.rules.entry_fill == "close":
        warnings.append("entry_fill: close fills entries inside the candle that decided them")
    if session.rules.entry_fill == "next_typical":
        warnings.append(
            "entry_fill: next_typical fills entries at (high + low + close) / 3 of the next candle, an approximation "
            "of its volume-weighted price that nobody knows before its close"
        )
    if partial:
        warnings.append("PARTIAL: the run was cut short; positions that were open then are still open in its result")
    return warnings


def _moved(move: CandleMove) -> str:
    """Say of a candle by how much it moved, and what followed."""
    return (
        f"{move.symbol}: the candle opened {format_ms(move.open_time_ms)} moved by a factor of {move.factor:,.6g} "
        f"(close before it {move.before!r}, high {move.high!r}, low {move.low!r}) while a position was open: a "
        "redenomination, or a fault of the source; the symbol took no entries from then on"
    )
