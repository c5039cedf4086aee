"""The text of events in the outputs: whole lines, each with its line end. Nothing but the event decides it."""

import functools
import json
import math
import re
from json.encoder import encode_basestring_ascii
from typing import Any, get_args

import msgspec

from core.events import (
    CandleMove,
    CommandTaken,
    Decision,
    EquityPoint,
    Event,
    FundingPayment,
    Gap,
    Halt,
    HaltLifted,
    KillSwitchChange,
    OrderTransition,
    RulesChange,
    TradeRow,
    Transaction,
)
from core.exact import plain
from core.instants import format_ms
from core.programs.program_call import ProgramCall
from core.trading_signal import SIGNAL_WORDS, At, Signal, is_plain
from core.verdicts import Verdict

TRADE_HEADER = (
    "timestamp,order_id,symbol,action,side,price,quantity,commission,slippage,balance,equity,realized_pnl,"
    "unrealized_pnl,strategy,reason,metadata\n"
)
EQUITY_HEADER = "timestamp,balance,equity,unrealized_pnl,open_positions\n"
ORDER_HEADER = (
    "timestamp,order_id,client_order_id,symbol,side,order_type,time_in_force,event,status,quantity,filled_quantity,"
    "price,stop_price,last_quantity,last_price,reason\n"
)
LEDGER_HEADER = "timestamp,transaction,event,order_id,symbol,account,amount,balance\n"

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_SUSPICIOUS = frozenset((*_FORMULA, "'"))
_NUMBER = re.compile(r"[+-][0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_NAMES: dict[type, str] = {
    Decision: "decision",
    FundingPayment: "funding",
    Gap: "gap",
    RulesChange: "rules",
    Halt: "halt",
    HaltLifted: "halt_lifted",
    CandleMove: "candle_move",
    CommandTaken: "command",
    KillSwitchChange: "kill_switch",
    ProgramCall: "program",
}
_encoded = msgspec.json.Encoder().encode
_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
ORDER_ENDS = {"REJECTED": "order_rejected", "EXPIRED": "order_expired", "CANCELED": "order_cancelled"}
"""The ends of orders that ``decisions.jsonl`` may tell, by the names that they have there."""


def quoted(text: str) -> str:
    """Return a text as a field of a CSV row: in quotes where it holds a comma, a quote or a line end.

    One that a spreadsheet would run as a formula gets an apostrophe before it, which :func:`cell_text` takes away.
    """
    if text.isalnum():
        return text
    if text and text[0] in _SUSPICIOUS and _is_formula(text):
        text = "'" + text
    if '"' in text:
        return '"' + text.replace('"', '""') + '"'
    return f'"{text}"' if "," in text or "\n" in text or "\r" in text else text


def cell_text(cell: str) -> str:
    """Return the text that :func:`quoted` was given, from the cell that a CSV reader read."""
    return cell[1:] if cell.startswith("'") and _is_formula(cell[1:]) else cell


def _is_formula(text: str) -> bool:
    """Whether a text begins as a formula and is no number, also behind apostrophes, which it may have of its own."""
    bare = text.lstrip("'")
    return bare.startswith(_FORMULA) and (bare != text or _NUMBER.fullmatch(text) is None)


_name = functools.lru_cache(maxsize=256)(quoted)
"""Quotes what is one of few: a symbol, a strategy, an account."""


def trade_line(row: TradeRow) -> str:
    """Return the line of ``trades.csv``."""
    fill, balance, unrealized = row.fill, plain(row.balance), row.unrealized_pnl
    return (
        f"{format_ms(fill.time_ms)},{quoted(row.order_id)},{_name(fill.symbol)},{row.action},{row.side},"
        f"{plain(fill.price)},{plain(fill.quantity)},{plain(fill.commission)},{plain(fill.slippage)},"
        f"{balance},{plain(row.equity) if unrealized else balance},{plain(row.realized_pnl)},{plain(unrealized)},"
        f"{_name(row.strategy)},{_name(row.reason)},{quoted(row.metadata)}\n"
    )


def equity_line(point: EquityPoint) -> str:
    """Return the line of ``equity.csv``."""
    balance, unrealized = plain(point.balance), point.unrealized_pnl
    return (
        f"{format_ms(point.time_ms)},{balance},{plain(point.equity) if unrealized else balance},{plain(unrealized)},"
        f"{point.open_positions}\n"
    )


def order_line(change: OrderTransition) -> str:
    """Return the line of ``orders.csv``."""
    quantity, filled, last_quantity = change.quantity, change.filled, change.last_quantity
    price, stop_price, last_price = change.price, change.stop_price, change.last_price
    whole = plain(quantity)
    return (
        f"{format_ms(change.time_ms)},{change.order_id or ''},{quoted(change.client_order_id)},"
        f"{_name(change.symbol)},{'BUY' if change.sign > 0 else 'SELL'},{change.order_type._value_},"
        f"{change.time_in_force._value_},{change.event},{change.status},{whole},"
        f"{whole if filled is quantity else plain(filled)},{'' if price is None else plain(price)},"
        f"{'' if stop_price is None else plain(stop_price)},"
        f"{'' if last_quantity is None else whole if last_quantity is quantity else plain(last_quantity)},"
        f"{'' if last_price is None else plain(last_price)},{change.reason}\n"
    )


def ledger_lines(transaction: Transaction) -> str:
    """Return the lines of ``ledger.csv``, one a posting."""
    start = (
        f"{format_ms(transaction.time_ms)},{transaction.number},{transaction.event},{quoted(transaction.order_id)},"
        f"{_name(transaction.symbol)},"
    )
    lines = [f"{start}{_name(one.account)},{plain(one.amount)},{plain(one.balance)}\n" for one in transaction.postings]
    return "".join(lines)


def decision_name(event: Event) -> str | None:
    """Return the name under which ``decisions.jsonl`` tells an event; None for what is not told there.

    Orders are told when they end without a fill. A position's own orders end with it, and one that was never accepted
    is told by its decision.
    """
    if isinstance(event, OrderTransition):
        name = ORDER_ENDS.get(event.event)
        return None if name is None or event.order_id is None or event.role in ("stop", "target") else name
    return _NAMES.get(type(event))


def decision_line(event: Event) -> str | None:
    """Return the line of ``decisions.jsonl``, one JSON object with sorted keys; None for what is not told there."""
    if type(event) is Decision:
        return _decided_line(event)
    name = decision_name(event)
    if name is None:
        return None
    record = {"time": format_ms(event.time_ms), "event": name, **details_of(event)}
    symbol = getattr(event, "symbol", None)
    if symbol is not None:
        record["symbol"] = symbol
    return _JSON(record) + "\n"


def _decided_line(decision: Decision) -> str:
    """Return the line of a decision: what ``details_of`` tells of it, spelled out, for there are many of them."""
    signal = decision.signal
    if is_plain(signal):
        said = (
            f'{{"atr":{_json(signal.atr)},"direction":{_json(signal.direction)},'
            f'"inputs":{_JSON(decision.inputs) if decision.inputs else "{}"},"reason":{_json(signal.reason)},'
            f'"sl_distance":{_json(signal.sl_distance)},"tp_distance":{_json(signal.tp_distance)}}}'
        )
    else:
        said = _JSON(_signal(decision))
    return (
        f'{{"close_order_id":{_json(decision.close_order_id)},"entry_order_id":{_json(decision.entry_order_id)},'
        f'"event":"decision","gates":[{",".join(map(_verdict_text, decision.verdicts))}],'
        f'"reason":{_json(decision.reason)},"signal":{said},"symbol":{_json(decision.symbol)},'
        f'"time":"{format_ms(decision.time_ms)}"}}\n'
    )


def _json(value: object) -> str:
    """Return the JSON of a value; text and numbers without a detour."""
    kind = type(value)
    if kind is float:
        if 1e-4 <= value < 1e16:  # type: ignore[operator]
            return _encoded(value).decode()  # As ``float_text``: a call would cost as much as all of it.
        return repr(value) if math.isfinite(value) else _JSON(value)  # type: ignore[arg-type]
    if kind is str:
        return encode_basestring_ascii(value)  # type: ignore[arg-type]
    if value is None:
        return "null"
    return repr(value) if kind is int else _JSON(value)


def _verdict_text(verdict: Verdict) -> str:
    """Return the JSON of a gate's verdict, as ``_judged`` tells it."""
    gate, places = _VERDICTS[type(verdict)]
    values = msgspec.structs.astuple(verdict)
    told = ",".join([name + _json(value) for name, place in places if (value := values[place]) is not None])
    if verdict.reason is None:
        return f'{{"gate":"{gate}","inputs":{{{told}}},"verdict":"approved"}}'
    return f'{{"gate":"{gate}","inputs":{{{told}}},"reason":{_json(verdict.reason)},"verdict":"refused"}}'


def _named_places(kind: type[msgspec.Struct]) -> list[tuple[str, int]]:
    """Return the names of a verdict's inputs, in order, and where each stands in it."""
    fields = kind.__struct_fields__
    return [(f'"{name}":', fields.index(name)) for name in sorted(fields) if name != "reason"]


_VERDICTS = {kind: (kind.gate, _named_places(kind)) for kind in get_args(Verdict)}


def details_of(event: Event) -> dict[str, Any]:
    """Return what ``decisions.jsonl`` tells of an event beside its time, its name and its symbol."""
    if isinstance(event, Decision):
        return _decided(event)
    if isinstance(event, OrderTransition):
        told: dict[str, Any] = {"order_id": event.order_id, "reason": event.reason}
        if event.event == "REJECTED":
            return {**told, "price": float(event.reference), "quantity": float(event.quantity)}
        return {**told, "order": event.role} if event.event == "CANCELED" else told
    if isinstance(event, ProgramCall):
        return event.told()
    if isinstance(event, CommandTaken) and event.symbol is None:
        return {"command": event.command}
    told = msgspec.structs.asdict(event)
    del told["time_ms"]
    told.pop("symbol", None)
    if isinstance(event, CandleMove):
        told["opened"] = format_ms(told.pop("open_time_ms"))
    if isinstance(event, FundingPayment):
        return {**told, "due": format_ms(event.time_ms), "amount": float(event.amount)}
    return told


def _signal(decision: Decision) -> dict[str, Any]:
    signal = decision.signal
    return {
        "direction": signal.direction,
        "sl_distance": signal.sl_distance,
        "tp_distance": signal.tp_distance,
        "atr": signal.atr,
        "reason": signal.reason,
        "inputs": decision.inputs,
        **_further_words(signal),
    }


def _decided(decision: Decision) -> dict[str, Any]:
    return {
        "signal": _signal(decision),
        "gates": [_judged(verdict) for verdict in decision.verdicts],
        "reason": decision.reason,
        "entry_order_id": decision.entry_order_id,
        "close_order_id": decision.close_order_id,
    }


def _further_words(signal: Signal) -> dict[str, Any]:
    """Return what a signal says beyond direction and distances; what it leaves unsaid is left out."""
    if is_plain(signal):
        return {}
    said = {name: getattr(signal, name) for name in SIGNAL_WORDS}
    told = {name: value for name, value in said.items() if value != SIGNAL_WORDS[name]}
    if signal.targets:
        told["targets"] = [
            [fraction, {"price": level.price} if isinstance(level, At) else level] for fraction, level in signal.targets
        ]
    return told


def _judged(verdict: Verdict) -> dict[str, Any]:
    """Return a gate's verdict; what it was not asked with is left out."""
    inputs = {name: value for name, value in msgspec.structs.asdict(verdict).items() if value is not None}
    reason = inputs.pop("reason", None)
    if reason is None:
        return {"gate": verdict.gate, "verdict": "approved", "inputs": inputs}
    return {"gate": verdict.gate, "verdict": "refused", "reason": reason, "inputs": inputs}
