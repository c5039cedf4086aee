"""What a strategy has said of one symbol's candles: records of its opinions, and how each is told."""

from compiled.codes import ANY_POSITION
from compiled.driving.opinion_rows import Row, WordedRows
from compiled.text.signal_rows import as_json, told_of
from core.errors import Uncovered
from core.trading_signal import Signal
from engine.deciding.signal_check import signal_fault
from engine.kernel_rules import KernelRules

NO_SIGNAL = "the strategy gives a signal that is none"


class SaidSoFar:
    """Keeps the opinions about one symbol's candles; their texts where these are ``told``."""

    def __init__(self, rules: KernelRules, made_by: WordedRows, *, told: bool) -> None:
        self._rules = rules
        self._made_by = made_by
        self._told = told
        self.rows: list[Row] = []
        self.texts: list[str] = []

    def take(self, row: int, signal: object, close: float, held: int = ANY_POSITION) -> None:
        """Take an opinion; one that is none is not for columns."""
        if not isinstance(signal, Signal):
            raise Uncovered("the strategy answers what is no signal")
        if signal.direction == "FLAT":
            return
        if signal_fault(signal, close, self._rules) is not None:
            raise Uncovered(NO_SIGNAL)
        self.rows.append(self._made_by.row(row, signal, held))
        if self._told:
            self.texts.append(as_json(told_of(signal)))
