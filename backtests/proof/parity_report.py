"""What a parity check found, as a value and as JSON."""

import json
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from backtests.proof.history_parity import HistoryParity
from backtests.proof.output_comparison import OutputComparison

Part = Literal["journal", "history"]


class JournalParity(msgspec.Struct, frozen=True):
    """Whether a session's outputs are those of its journal; ``broken`` names what ended the replay early.

    ``candles``, ``detail``, ``marks``, ``funding``, ``watched`` and ``open_interest`` (the latter two left out without
    any) count what the steps held. ``result`` says what of ``result.json`` is not as the journal gives it. ``engine``
    is which rules replayed the journal, and why.
    """

    equal: bool
    steps: int
    candles: int
    end: str | None
    outputs: list[OutputComparison]
    broken: str | None = None
    detail: int = 0
    marks: int = 0
    funding: int = 0
    result: str | None = None
    watched: int | UnsetType = UNSET
    engine: str = ""
    open_interest: int | UnsetType = UNSET


class ParityReport(msgspec.Struct, frozen=True):
    """What a check found; a part that was not checked is None.

    ``settings_broken`` says why manifest, journal and this program do not have the same strategy and
    settings, ``unavailable`` why history could not be compared.
    """

    session: str
    exchange: str
    timeframe: str
    symbols: list[str]
    asked: list[Part]
    settings_sha256: str
    session_code_version: str
    code_version: str
    strategy_sha256: str = ""
    settings_broken: str | None = None
    journal: JournalParity | None = None
    history: HistoryParity | None = None
    unavailable: str | None = None
    warnings: list[str] = []
    verdict: str = ""
    exit_code: int = 0

    def json(self) -> str:
        """Return the report as JSON text: keys sorted, every difference in it."""
        return json.dumps(msgspec.to_builtins(self), sort_keys=True, indent=1, ensure_ascii=False) + "\n"
