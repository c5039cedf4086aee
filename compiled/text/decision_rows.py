"""The lines of ``decisions.jsonl``: JSON objects with sorted keys."""

import math

from compiled.codes import (
    BOUNDS,
    CANCELED,
    DECISION,
    EXPIRED,
    FUNDING_NOTE,
    GAP_NOTE,
    HALT_NOTE,
    LIFTED,
    MOVE,
    NO_REASON,
    NONE,
    ORDER,
    REJECTED,
    numbers,
)
from compiled.compiler import entry, routine
from compiled.layout import Record, Records
from compiled.text.digits import put_next_time, put_time, put_whole
from compiled.text.floats import put_float
from compiled.text.words import Bytes, Words, put

SPACE_OF_A_NOTE = 1600
"""More bytes than a line has beside its words."""

JSON_PIECES = (
    '{"close_order_id":', ',"entry_order_id":',
    ',"event":"decision","gates":[{"gate":"warmup","inputs":{"candles_before":',
    ',"warmup_candles":', '},"verdict":"approved"}', '},"reason":"', '","verdict":"refused"}', '],"reason":',
    ',"signal":', ',"symbol":', ',"time":"', '"}\n', "null", '"',
    ',{"gate":"position","inputs":{"on_opposite_signal":"',
    '","position":"LONG"', '","position":"SHORT"', '","waiting":"', ',{"gate":"risk","inputs":{"bound":"',
    '","equity":',
    ',"exposure":', ',"price":', ',"quantity":', ',"risk_asked":', ',"risk_taken":', ',"room":',
    ',"stop_distance":', ',{"gate":"risk","inputs":{"equity":', ',{"gate":"safety","inputs":{"exposure":',
    ',"open_trades":', ',"risk":', ',"value":', ',{"gate":"execution","inputs":{',
    '{"event":"order_cancelled","order":"',
    '","order_id":"', '","reason":"', '{"event":"order_expired","order_id":"', '{"event":"order_rejected","order_id":"',
    '","price":', ',"reason":"', '","symbol":', '{"event":"gap","missing_candles":', '{"day_start_equity":',
    ',"event":"halt","peak_equity":', '","time":"', '{"event":"halt_lifted","reason":"', '{"before":',
    ',"event":"candle_move","factor":', ',"high":', ',"low":', ',"opened":"', "entry", "close", "exit", ',"equity":',
    ',{"gate":"position","inputs":{', '"waiting":"', '"position":"LONG"', '"position":"SHORT"',
    ',{"gate":"levels","inputs":{"level":"stop"', ',{"gate":"levels","inputs":{"level":"target"', ',"stood":',
    ',"waiting":"', ',"wanted":', '{"amount":', ',"due":"', '","event":"funding","mark":', ',"rate":',
)  # fmt: skip
(
    CLOSE_ID, ENTRY_ID, WARMUP, WARMUP_NEEDED, APPROVED, BECAUSE, REFUSED, REASON,
    SIGNAL, SYMBOL, AT_TIME, LINE, NULL, QUOTE, POSITION, HELD_LONG, HELD_SHORT, WAITING, RISK, EQUITY_AFTER_BOUND,
    EXPOSURE, PRICE, QUANTITY, RISK_ASKED, RISK_TAKEN, ROOM,
    STOP, RISK_REFUSED, SAFETY, OPEN_TRADES, LOSS, VALUE, EXECUTION, CANCELLED,
    WITH_ID, WITH_REASON, EXPIRES, REJECTS, WITH_PRICE, AND_REASON, OF_SYMBOL, GAP, HALT,
    PEAK, THEN_TIME, LIFTS, MOVED, FACTOR, HIGH, LOW, OPENED, ENTRY_WORD, CLOSE_WORD, EXIT_WORD, EQUITY,
    PLAIN_POSITION, WAITS, IS_LONG, IS_SHORT, STOP_LEVEL, TARGET_LEVEL, STOOD, AND_WAITS, WANTED,
    AMOUNT, DUE, PAID_AT, RATE,
) = numbers(len(JSON_PIECES))  # fmt: skip

JsonWords = tuple[Words, Words, Words, Words]

_POLICIES = len(BOUNDS)
"""Where the policies stand, behind the bounds of sizes."""


@routine
def _put_number(out: Bytes, at: int, pieces: Words, piece: int, value: float) -> int:
    return put_float(out, put(out, at, pieces, piece), value)


@entry
def put_notes(notes: Records, rules: Records, words: JsonWords, signals: Words, out: Bytes) -> int:
    """Put the lines of notes; return how many bytes they are.

    ``words`` are the pieces, the reasons, the bounds of sizes with the policies behind them, and the symbols, each as
    JSON has them; ``signals`` are the signals, by the numbers of the notes.
    """
    pieces, symbols = words[0], words[3]
    at, last, last_ms = 0, 0, NONE
    for number in range(notes.shape[0]):
        note = notes[number]
        if note.kind == DECISION:
            at = put(out, _put_decision(out, at, note, rules[0], words), signals, note.signal)
        elif note.kind == ORDER:
            at = _put_order(out, at, note, words)
        elif note.kind == GAP_NOTE:
            at = put_whole(out, put(out, at, pieces, GAP), note.missing)
        elif note.kind == FUNDING_NOTE:
            at = _put_funding(out, at, note, pieces)
        elif note.kind == MOVE:
            at = _put_candle(out, at, note, pieces)
        else:
            at = _put_halt(out, at, note, words)
        if note.kind == HALT_NOTE or note.kind == LIFTED:
            at = put(out, at, pieces, THEN_TIME)
        else:
            if note.kind == ORDER:
                at = put(out, at, pieces, OF_SYMBOL)
            else:
                at = put(out, at, pieces, SYMBOL)
            at = put(out, put(out, at, symbols, note.symbol), pieces, AT_TIME)
        begun = at
        at = put(out, put_next_time(out, at, note.time_ms, last, last_ms), pieces, LINE)
        last, last_ms = begun, note.time_ms
    return at


@routine
def _put_id(out: Bytes, at: int, pieces: Words, order_id: int) -> int:
    if order_id == 0:
        return put(out, at, pieces, NULL)
    return _put_quoted(out, at, pieces, QUOTE, order_id)


@routine
def _put_quoted(out: Bytes, at: int, pieces: Words, piece: int, number: int) -> int:
    return put(out, put_whole(out, put(out, at, pieces, piece), number), pieces, QUOTE)


@routine
def _put_decision(out: Bytes, at: int, note: Record, rules: Record, words: JsonWords) -> int:
    pieces, reasons = words[0], words[1]
    at = _put_id(out, put(out, at, pieces, CLOSE_ID), pieces, note.close_id)
    at = _put_id(out, put(out, at, pieces, ENTRY_ID), pieces, note.entry_id)
    at = put_whole(out, put(out, at, pieces, WARMUP), note.before)
    at = put_whole(out, put(out, at, pieces, WARMUP_NEEDED), rules.warmup_candles)
    if not note.warm:
        at = _put_verdict(out, at, words, note.reason)
    else:
        at = put(out, at, pieces, APPROVED)
        if note.cancel_gate or note.stop_gate or note.target_gate or note.exit_gate:
            at = _put_directives(out, at, note, words)
        if note.position_gate:
            at = _put_position(out, at, note, rules, words)
        if note.risk_gate:
            at = _put_risk(out, at, note, words)
        if note.safety_gate:
            at = _put_safety(out, at, note, words)
        if note.execution_gate:
            at = put(out, at, pieces, EXECUTION)
            at = _put_verdict(out, at, words, note.execution_reason)
    at = put(out, at, pieces, REASON)
    if note.reason == NO_REASON:
        at = put(out, at, pieces, NULL)
    else:
        at = put(out, put(out, put(out, at, pieces, QUOTE), reasons, note.reason), pieces, QUOTE)
    return put(out, at, pieces, SIGNAL)


@routine
def _put_verdict(out: Bytes, at: int, words: JsonWords, reason: int) -> int:
    if reason == NO_REASON:
        return put(out, at, words[0], APPROVED)
    at = put(out, put(out, at, words[0], BECAUSE), words[1], reason)
    return put(out, at, words[0], REFUSED)


@routine
def _put_directives(out: Bytes, at: int, note: Record, words: JsonWords) -> int:
    pieces = words[0]
    if note.cancel_gate:
        at = put(out, at, pieces, PLAIN_POSITION)
        if note.cancel_waiting:
            at = _put_quoted(out, at, pieces, WAITS, note.cancel_waiting)
        at = _put_verdict(out, at, words, note.cancel_reason)
    if note.stop_gate:
        at = put(out, at, pieces, STOP_LEVEL)
        at = _put_move(out, at, note.stop_stood, note.stop_waiting, note.stop_wanted, pieces)
        at = _put_verdict(out, at, words, note.stop_level_reason)
    if note.target_gate:
        at = put(out, at, pieces, TARGET_LEVEL)
        at = _put_move(out, at, note.target_stood, note.target_waiting, note.target_wanted, pieces)
        at = _put_verdict(out, at, words, note.target_level_reason)
    if note.exit_gate:
        at = put(out, at, pieces, PLAIN_POSITION)
        if note.exit_position:
            at = put(out, at, pieces, IS_LONG if note.exit_position > 0 else IS_SHORT)
        if not math.isnan(note.exit_quantity):
            at = _put_number(out, at, pieces, QUANTITY, note.exit_quantity)
        at = _put_verdict(out, at, words, note.exit_reason)
    return at


@routine
def _put_move(out: Bytes, at: int, stood: float, waiting: int, wanted: float, pieces: Words) -> int:
    if not math.isnan(stood):
        at = _put_number(out, at, pieces, STOOD, stood)
    if waiting:
        at = _put_quoted(out, at, pieces, AND_WAITS, waiting)
    return _put_number(out, at, pieces, WANTED, wanted)


@routine
def _put_position(out: Bytes, at: int, note: Record, rules: Record, words: JsonWords) -> int:
    pieces = words[0]
    at = put(out, put(out, at, pieces, POSITION), words[2], _POLICIES + rules.on_opposite_signal)
    if note.position:
        at = put(out, at, pieces, HELD_LONG if note.position > 0 else HELD_SHORT)
    elif note.waiting:
        at = _put_quoted(out, at, pieces, WAITING, note.waiting)
    else:
        at = put(out, at, pieces, QUOTE)
    return _put_verdict(out, at, words, note.position_reason)


@routine
def _put_risk(out: Bytes, at: int, note: Record, words: JsonWords) -> int:
    pieces = words[0]
    if note.risk_reason != NO_REASON:
        at = _put_number(out, at, pieces, RISK_REFUSED, note.equity)
        at = _put_number(out, at, pieces, EXPOSURE, note.exposure)
        at = _put_number(out, at, pieces, PRICE, note.price)
        at = _put_number(out, at, pieces, ROOM, note.room)
        return _put_verdict(out, at, words, note.risk_reason)
    at = put(out, put(out, at, pieces, RISK), words[2], note.bound)
    at = _put_number(out, at, pieces, EQUITY_AFTER_BOUND, note.equity)
    at = _put_number(out, at, pieces, EXPOSURE, note.exposure)
    at = _put_number(out, at, pieces, PRICE, note.price)
    at = _put_number(out, at, pieces, QUANTITY, note.quantity)
    at = _put_number(out, at, pieces, RISK_ASKED, note.risk_asked)
    at = _put_number(out, at, pieces, RISK_TAKEN, note.risk_taken)
    at = _put_number(out, at, pieces, ROOM, note.room)
    at = _put_number(out, at, pieces, STOP, note.stop_distance)
    return put(out, at, pieces, APPROVED)


@routine
def _put_safety(out: Bytes, at: int, note: Record, words: JsonWords) -> int:
    pieces = words[0]
    at = _put_number(out, at, pieces, SAFETY, note.exposure)
    at = put_whole(out, put(out, at, pieces, OPEN_TRADES), note.open_trades)
    at = _put_number(out, at, pieces, LOSS, note.risk)
    at = _put_number(out, at, pieces, VALUE, note.value)
    return _put_verdict(out, at, words, note.safety_reason)


@routine
def _put_order(out: Bytes, at: int, note: Record, words: JsonWords) -> int:
    pieces, reasons = words[0], words[1]
    if note.event == CANCELED:
        at = put(out, put(out, at, pieces, CANCELLED), pieces, ENTRY_WORD + note.role)
        at = put_whole(out, put(out, at, pieces, WITH_ID), note.order_id)
    elif note.event == EXPIRED:
        at = put_whole(out, put(out, at, pieces, EXPIRES), note.order_id)
    elif note.event == REJECTED:
        at = put_whole(out, put(out, at, pieces, REJECTS), note.order_id)
        at = _put_number(out, at, pieces, WITH_PRICE, note.price)
        at = _put_number(out, at, pieces, QUANTITY, note.quantity)
        return put(out, put(out, at, pieces, AND_REASON), reasons, note.reason)
    return put(out, put(out, at, pieces, WITH_REASON), reasons, note.reason)


@routine
def _put_halt(out: Bytes, at: int, note: Record, words: JsonWords) -> int:
    pieces = words[0]
    if note.kind == LIFTED:
        return put(out, put(out, at, pieces, LIFTS), words[1], note.reason)
    at = _put_number(out, at, pieces, HALT, note.day_start_equity)
    at = _put_number(out, at, pieces, EQUITY, note.equity)
    at = _put_number(out, at, pieces, PEAK, note.peak_equity)
    return put(out, put(out, at, pieces, AND_REASON), words[1], note.reason)


@routine
def _put_funding(out: Bytes, at: int, note: Record, pieces: Words) -> int:
    at = _put_number(out, at, pieces, AMOUNT, note.value)
    at = put_time(out, put(out, at, pieces, DUE), note.time_ms)
    at = _put_number(out, at, pieces, PAID_AT, note.price)
    return _put_number(out, at, pieces, RATE, note.factor)


@routine
def _put_candle(out: Bytes, at: int, note: Record, pieces: Words) -> int:
    at = _put_number(out, at, pieces, MOVED, note.close_before)
    at = _put_number(out, at, pieces, FACTOR, note.factor)
    at = _put_number(out, at, pieces, HIGH, note.high)
    at = _put_number(out, at, pieces, LOW, note.low)
    at = put_time(out, put(out, at, pieces, OPENED), note.opened_ms)
    return put(out, at, pieces, QUOTE)
