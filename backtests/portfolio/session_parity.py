"""Checks a session's folder, of one system or of a portfolio, and keeps the report there."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from backtests.engines.engine_choice import EngineChoice
from backtests.portfolio.portfolio_parity import check_portfolio, is_portfolio
from backtests.proof.parity_alert import tell_of_broken_parity
from backtests.proof.parity_check import check_parity
from backtests.proof.parity_report import Part
from backtests.proof.report_lines import report_lines
from core.errors import ParityError, StoreError
from market_data.store.atomic_files import write_atomically

REPORT = "parity.json"


class SessionParity(NamedTuple):
    """What a check found: the report as JSON text and as lines, of which the last is the verdict.

    ``exit_code`` is 0 when what was asked holds, 4 when it does not, 3 when history has no candles, for which
    ``unavailable`` says why. ``not_kept`` is why the report is not in the session's folder.
    """

    text: str
    lines: Sequence[str]
    exit_code: int
    unavailable: str | None
    not_kept: str | None

    @property
    def verdict(self) -> str:
        """The last line."""
        return self.lines[-1] if self.lines else ""


def check_session(
    folder: str | Path,
    only: Part | None = None,
    *,
    data_dir: str | Path | None = None,
    offline: bool = False,
    engine: EngineChoice = "auto",
    now_ms: int,
) -> SessionParity:
    """Check a session's folder; parameters and errors as of :func:`~backtests.proof.parity_check.check_parity`."""
    if is_portfolio(folder):
        stored = None if data_dir is None else str(data_dir)
        found = check_portfolio(folder, only, data_dir=stored, offline=offline, now_ms=now_ms)
        text = msgspec.json.format(msgspec.json.encode(found)).decode()
        lines, code, unavailable = found.lines(), found.exit_code, found.unavailable
    else:
        report = check_parity(folder, only, data_dir=data_dir, offline=offline, engine=engine, now_ms=now_ms)
        text, lines = report.json(), list(report_lines(report))
        code, unavailable = report.exit_code, report.unavailable
    if code == ParityError.exit_code:
        tell_of_broken_parity(Path(folder).resolve().name, lines[-1], now_ms)
    not_kept = None
    try:
        write_atomically(Path(folder) / REPORT, text.encode())
    except StoreError as error:
        # What was found stands, whether or not it can be kept.
        not_kept = str(error)
    return SessionParity(text, lines, code, unavailable, not_kept)
