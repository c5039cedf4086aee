"""What was decided at each candle of a symbol, from ``decisions.jsonl``."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa

from core.candle_columns import Int64Array
from core.errors import StoreError
from metrics.trade_columns import BoolArray
from runs.reading.folder_text import read_bytes, times_of

_MARK = b'"event":"decision"'


class SaidSignal(msgspec.Struct, frozen=True):
    """What the strategy said; ``inputs`` as JSON."""

    direction: str
    sl_distance: float | None = None
    tp_distance: float | None = None
    atr: float | None = None
    reason: str = ""
    inputs: msgspec.Raw = msgspec.Raw(b"{}")
    tag: str = ""


class Gate(msgspec.Struct, frozen=True):
    """What a gate answered."""

    gate: str
    verdict: str
    inputs: dict[str, Any] = {}
    reason: str | None = None


class ToldDecision(msgspec.Struct, frozen=True):
    """A line of ``decisions.jsonl`` that tells a decision."""

    time: str
    symbol: str
    signal: SaidSignal
    gates: list[Gate]
    reason: str | None = None
    entry_order_id: str | None = None
    close_order_id: str | None = None


class Decisions(NamedTuple):
    """The decisions about one symbol, and when they were made."""

    told: Sequence[ToldDecision]
    times_ms: Int64Array


NO_DECISIONS = Decisions((), np.empty(0, np.int64))


def read_decisions(path: Path) -> dict[str, Decisions]:
    """Return the decisions of a run by symbol, in order.

    Raises
    ------
    StoreError
        If the file cannot be read, or a line is no decision.
    """
    found: dict[str, list[ToldDecision]] = defaultdict(list)
    decoder = msgspec.json.Decoder(ToldDecision)
    for number, line in enumerate(read_bytes(path).splitlines(), 1):
        if _MARK in line:
            try:
                one = decoder.decode(line)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise StoreError(f"{path}: line {number}: is no decision: {error}", path=path) from None
            found[one.symbol].append(one)
    return {symbol: Decisions(told, times_of(path, [one.time for one in told])) for symbol, told in found.items()}


def decision_columns(told: Decisions, close_ms: Int64Array, warm: BoolArray) -> dict[str, pa.Array]:
    """Return what was decided at each close; FLAT, and empty cells, where the strategy had nothing to say.

    Parameters
    ----------
    told
        The symbol's decisions, in order.
    close_ms
        Closes of its candles.
    warm
        Whether the strategy had seen enough candles before each.
    """
    rows = np.searchsorted(close_ms, told.times_ms)
    columns: dict[str, tuple[pa.DataType, list[Any]]] = {
        name: (kind, [None] * len(close_ms)) for name, kind in _KINDS.items()
    }
    columns["direction"] = (pa.string(), ["FLAT"] * len(close_ms))
    for row, one in zip(rows.tolist(), told.told, strict=True):
        if row < len(close_ms):
            for name, value in _cells(one).items():
                columns[name][1][row] = value
    return {
        "decision_warm": pa.array(warm, pa.bool_()),
        **{f"decision_{name}": pa.array(values, kind) for name, (kind, values) in columns.items()},
    }


_KINDS: dict[str, pa.DataType] = {
    "direction": pa.string(),
    "signal_reason": pa.string(),
    "tag": pa.string(),
    "stop_distance": pa.float64(),
    "target_distance": pa.float64(),
    "atr": pa.float64(),
    "inputs": pa.string(),
    "refused_by": pa.string(),
    "refusal": pa.string(),
    "order_id": pa.string(),
    "close_order_id": pa.string(),
    "quantity": pa.float64(),
    "bound": pa.string(),
    "risk_taken": pa.float64(),
}


def _cells(one: ToldDecision) -> dict[str, Any]:
    signal = one.signal
    sized = next((gate.inputs for gate in one.gates if gate.gate == "risk"), {})
    return {
        "direction": signal.direction,
        "signal_reason": signal.reason or None,
        "tag": signal.tag or None,
        "stop_distance": signal.sl_distance,
        "target_distance": signal.tp_distance,
        "atr": signal.atr,
        "inputs": bytes(signal.inputs).decode(),
        "refused_by": next((gate.gate for gate in one.gates if gate.verdict == "refused"), None),
        "refusal": one.reason,
        "order_id": one.entry_order_id,
        "close_order_id": one.close_order_id,
        **{name: sized.get(name) for name in ("quantity", "bound", "risk_taken")},
    }
