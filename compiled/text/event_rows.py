"""The lines of ``trades.csv``, ``orders.csv``, ``ledger.csv`` and ``equity.csv``."""

from typing import NamedTuple

import numpy as np

from compiled.codes import (
    CLOSE_ROLE,
    CLOSING,
    LIQUIDATION,
    NONE,
    OPENING,
    PARTIALLY_FILLED,
    PAYING,
    REPLACED,
    STOP_ROLE,
    numbers,
)
from compiled.compiler import entry, routine
from compiled.compiling.instructions import copy_bytes
from compiled.compiling.pointers import by_pointer
from compiled.layout import Record, Records
from compiled.text.digits import LINE_END, put_comma, put_next_time, put_plain, put_time, put_whole
from compiled.text.words import Bytes, Words, put
from core.candle_columns import Int64Array

SPACE_OF_A_ROW = 640
"""More bytes than a line has beside its words."""
SPACE_OF_A_PRICE = 32


@by_pointer
class Vocabulary(NamedTuple):
    """The words of a run's lines, each as a field of a CSV row has it.

    ``pieces`` are those of :data:`PIECES`, ``reasons`` those of the codes, ``accrued`` the accounts of the symbols
    (what each has accrued, then their margins) and that of funding, ``tags`` what strategies call trades, the first of
    them nothing.
    """

    symbols: Words
    reasons: Words
    transitions: Words
    statuses: Words
    order_types: Words
    accrued: Words
    pieces: Words
    tags: Words


PIECES = (
    "OPEN,", "CLOSE,", "LONG,", "SHORT,", "BUY,", "SELL,", "GTC,", '""stop"":""', '""target"":""', '""targets"":[',
    '""', '""rung"":', '""tag"":', '""ambiguous"":true', '"{', '}"', "{}", ",", "]", "-", "-stop", "-target", "-tp",
    "start,,,", "open,", "close,", "cash,", "capital,", "commission,", "realized_pnl,", "GTD,", "IOC,",
    '""funding"":""', '""liquidation"":""', "liquidation,", "funding,", "",
)  # fmt: skip
(
    OPENS, CLOSES, LONG, SHORT, BUY, SELL, GTC, STOP_AT, TARGET_AT, TARGETS_AT,
    QUOTES, RUNG, TAG, AMBIGUOUS, BEGINS, ENDS, NOTHING, COMMA, BRACKET, DASH, OF_STOP, OF_TARGET, OF_RUNG,
    STARTS, OPENED, CLOSED, CASH, CAPITAL, COMMISSION, REALIZED, UNTIL, AT_ONCE,
    FUNDING_IS, LIQUIDATION_AT, LIQUIDATED, FUNDED, STRATEGY,
) = numbers(len(PIECES))  # fmt: skip


@routine
def _put_money(out: Bytes, at: int, value: int, decimals: int) -> int:
    return put_comma(out, put_plain(out, at, value, decimals))


@entry
def put_trades(
    fills: Records, levels: Int64Array, symbols: Records, decimals: int, words: Vocabulary, out: Bytes
) -> int:
    """Put the rows of fills; return how many bytes they are. The last of the pieces is the strategy's name."""
    at, last, last_ms = 0, 0, NONE
    for number in range(fills.shape[0]):
        row = fills[number]
        if row.opens == PAYING:
            continue
        symbol = symbols[row.symbol]
        quantities, opens = symbol.quantity_decimals, row.opens == OPENING
        begun = at
        at = put_comma(out, put_next_time(out, at, row.time_ms, last, last_ms))
        last, last_ms = begun, row.time_ms
        at = put_comma(out, put_whole(out, at, row.order_id))
        at = put_comma(out, put(out, at, words.symbols, row.symbol))
        at = put(out, at, words.pieces, OPENS if opens else CLOSES)
        at = put(out, at, words.pieces, LONG if (row.sign > 0) == opens else SHORT)
        at = _put_money(out, at, row.price, symbol.price_decimals)
        at = _put_money(out, at, row.quantity, quantities)
        at = _put_money(out, at, row.commission, decimals)
        at = _put_money(out, at, abs(row.price - row.reference) * row.quantity * symbol.cost_scale, decimals)
        at = _put_money(out, at, row.balance, decimals)
        at = _put_money(out, at, row.balance + row.unrealized_pnl, decimals)
        at = _put_money(out, at, row.realized_pnl, decimals)
        at = _put_money(out, at, row.unrealized_pnl, decimals)
        at = put_comma(out, put(out, at, words.pieces, STRATEGY))
        at = put_comma(out, put(out, at, words.reasons, row.reason))
        at = _put_metadata(out, at, row, levels[number], symbol, decimals, words)
        out[at] = LINE_END
        at += 1
    return at


@routine
def _put_metadata(
    out: Bytes, at: int, row: Record, levels: Int64Array, symbol: Record, money: int, words: Vocabulary
) -> int:
    pieces, first, decimals = words.pieces, at, symbol.price_decimals
    if row.ambiguous:
        at = _put_key(out, at, first, pieces, AMBIGUOUS)
    if row.funding:
        at = _put_price(out, _put_key(out, at, first, pieces, FUNDING_IS), row.funding, money, pieces)
    if row.rung:
        at = put_whole(out, _put_key(out, at, first, pieces, RUNG), row.rung)
    if row.liquidation != NONE:
        at = _put_key(out, at, first, pieces, LIQUIDATION_AT)
        at = _put_price(out, at, row.liquidation, symbol.mark_decimals, pieces)
    if row.opens and row.stop_price != NONE:
        at = _put_price(out, _put_key(out, at, first, pieces, STOP_AT), row.stop_price, decimals, pieces)
    if row.tag:
        at = put(out, _put_key(out, at, first, pieces, TAG), words.tags, row.tag)
    if row.opens and row.ladder and row.targets:
        at = _put_key(out, at, first, pieces, TARGETS_AT)
        for number in range(row.targets):
            if number:
                at = put(out, at, pieces, COMMA)
            at = _put_price(out, put(out, at, pieces, QUOTES), levels[number], decimals, pieces)
        at = put(out, at, pieces, BRACKET)
    elif row.opens and row.targets:
        at = _put_price(out, _put_key(out, at, first, pieces, TARGET_AT), levels[0], decimals, pieces)
    return put(out, at, pieces, NOTHING if at == first else ENDS)


@routine
def _put_key(out: Bytes, at: int, first: int, pieces: Words, key: int) -> int:
    return put(out, put(out, at, pieces, BEGINS if at == first else COMMA), pieces, key)


@routine
def _put_price(out: Bytes, at: int, price: int, decimals: int, pieces: Words) -> int:
    return put(out, put_plain(out, at, price, decimals), pieces, QUOTES)


@entry
def put_orders(transitions: Records, symbols: Records, words: Vocabulary, out: Bytes) -> int:
    """Put the rows of transitions; return how many bytes they are."""
    at, last, last_ms = 0, 0, NONE
    for number in range(transitions.shape[0]):
        row = transitions[number]
        symbol = symbols[row.symbol]
        prices, quantities = symbol.price_decimals, symbol.quantity_decimals
        begun = at
        at = put_comma(out, put_next_time(out, at, row.time_ms, last, last_ms))
        last, last_ms = begun, row.time_ms
        if row.order_id:
            at = put_whole(out, at, row.order_id)
        at = put_comma(out, at)
        if row.client_id:
            at = put_whole(out, at, row.client_id)
        if row.suffix:
            at = _put_suffix(out, at, row, words)
        at = put_comma(out, put(out, put_comma(out, at), words.symbols, row.symbol))
        at = put(out, at, words.pieces, BUY if row.sign > 0 else SELL)
        at = put_comma(out, put(out, at, words.order_types, row.order_type))
        at = put(out, at, words.pieces, GTC if row.time_in_force == 0 else UNTIL - 1 + row.time_in_force)
        at = put_comma(out, put(out, at, words.transitions, row.event))
        status = PARTIALLY_FILLED if row.event == REPLACED and row.filled else row.event
        at = put_comma(out, put(out, at, words.statuses, status))
        at = _put_money(out, at, row.quantity, quantities)
        at = _put_money(out, at, row.filled, quantities)
        at = put_comma(out, at if row.price == NONE else put_plain(out, at, row.price, prices))
        at = put_comma(out, at if row.stop_price == NONE else put_plain(out, at, row.stop_price, prices))
        at = put_comma(out, at if row.last_price == NONE else put_plain(out, at, row.last_quantity, quantities))
        at = put_comma(out, at if row.last_price == NONE else put_plain(out, at, row.last_price, prices))
        at = put(out, at, words.reasons, row.reason)
        out[at] = LINE_END
        at += 1
    return at


@routine
def _put_suffix(out: Bytes, at: int, row: Record, words: Vocabulary) -> int:
    if row.role == CLOSE_ROLE:
        return put(out, put(out, at, words.pieces, DASH), words.reasons, row.suffix)
    if row.role == STOP_ROLE:
        return put(out, at, words.pieces, OF_STOP)
    if row.rung:
        return put_whole(out, put(out, at, words.pieces, OF_RUNG), row.rung)
    return put(out, at, words.pieces, OF_TARGET)


@entry
def put_points(points: Records, decimals: int, out: Bytes) -> int:
    """Put the rows of the equity; return how many bytes they are."""
    at, last, last_ms = 0, 0, NONE
    for number in range(points.shape[0]):
        row = points[number]
        begun = at
        at = put_comma(out, put_next_time(out, at, row.time_ms, last, last_ms))
        last, last_ms = begun, row.time_ms
        at = _put_money(out, at, row.balance, decimals)
        at = _put_money(out, at, row.balance + row.unrealized_pnl, decimals)
        at = _put_money(out, at, row.unrealized_pnl, decimals)
        at = put_whole(out, at, row.open_positions)
        out[at] = LINE_END
        at += 1
    return at


@entry
def put_start(time_ms: int, balance: int, decimals: int, words: Vocabulary, sums: Int64Array, out: Bytes) -> int:
    """Put the transaction that brings the starting balance; ``sums`` are as of :func:`put_ledger`."""
    at = 0
    sums[0] = 1
    sums[1], sums[2] = balance, -balance
    for account in range(2):
        at = put_comma(out, put_time(out, at, time_ms))
        at = put(out, put_comma(out, put_whole(out, at, 1)), words.pieces, STARTS)
        at = put(out, at, words.pieces, CASH if account == 0 else CAPITAL)
        at = _put_money(out, at, sums[1 + account], decimals)
        at = put_plain(out, at, sums[1 + account], decimals)
        out[at] = LINE_END
        at += 1
    return at


@entry
def put_ledger(fills: Records, decimals: int, words: Vocabulary, sums: Int64Array, out: Bytes) -> int:
    """Put the postings of fills; return how many bytes they are.

    ``sums`` are how many transactions there were, and the balances of cash, capital, commission, realised profit, of
    what each symbol has accrued, of its margin, and of funding.
    """
    at, last, last_ms, symbols = 0, 0, NONE, (sums.shape[0] - 6) // 2
    for number in range(fills.shape[0]):
        row, begun = fills[number], at
        accrued = 5 + row.symbol
        margin = accrued + symbols
        if row.margin or row.commission or row.gross or row.entry_commission or row.funding:
            sums[0] += 1
        head = (begun, _put_head(out, put_next_time(out, at, row.time_ms, last, last_ms), row, words, sums[0]))
        if row.opens == OPENING:
            at = _put_pair(out, at, head, decimals, words, sums, (margin, 1), row.margin)
            at = _put_pair(out, at, head, decimals, words, sums, (3, accrued), row.commission)
        elif row.opens == PAYING:
            at = _put_pair(out, at, head, decimals, words, sums, (accrued, sums.shape[0] - 1), row.funding)
        else:
            at = _put_pair(out, at, head, decimals, words, sums, (margin, 1), -row.margin)
            at = _put_pair(out, at, head, decimals, words, sums, (1, 4), row.gross)
            at = _put_pair(out, at, head, decimals, words, sums, (3, 1), row.commission)
            at = _put_pair(out, at, head, decimals, words, sums, (accrued, 1), row.entry_commission)
            at = _put_pair(out, at, head, decimals, words, sums, (accrued, 1), -row.funding)
        if at > begun:
            last, last_ms = begun, row.time_ms
    return at


def ledger_lines(fills: Records) -> Int64Array:
    """Return how many lines :func:`put_ledger` puts for each fill."""
    amounts = ("margin", "commission", "gross", "entry_commission", "funding")
    lines = np.zeros(len(fills), np.int64)
    for name in amounts:
        lines += 2 * (fills[name] != 0)
    return lines


@routine
def _put_head(out: Bytes, at: int, row: Record, words: Vocabulary, transaction: int) -> int:
    """Put what stands behind the time in all lines of a transaction, up to the account."""
    at = put_comma(out, put_whole(out, put_comma(out, at), transaction))
    at = put(out, at, words.pieces, _event_of(row))
    at = put_comma(out, put_whole(out, at, row.order_id) if row.order_id else at)
    return put_comma(out, put(out, at, words.symbols, row.symbol))


@routine
def _put_pair(
    out: Bytes,
    at: int,
    head: tuple[int, int],
    decimals: int,
    words: Vocabulary,
    sums: Int64Array,
    accounts: tuple[int, int],
    amount: int,
) -> int:
    """Put a posting and its counterpart: the accounts debited and credited; ``head`` is where the lines' first stands.

    The first line of a transaction follows there, the others have a copy of it.
    """
    if amount == 0:
        return at
    for side in range(2):
        account, moved = (accounts[0], amount) if side == 0 else (accounts[1], -amount)
        sums[account] += moved
        at = head[1] if at == head[0] else copy_bytes(out, at, out, head[0], head[1])
        at = _put_account(out, at, account, words)
        at = _put_money(out, at, moved, decimals)
        at = put_plain(out, at, sums[account], decimals)
        out[at] = LINE_END
        at += 1
    return at


@routine
def _event_of(row: Record) -> int:
    if row.opens != CLOSING:
        return OPENED if row.opens == OPENING else FUNDED
    return LIQUIDATED if row.reason == LIQUIDATION else CLOSED


@routine
def _put_account(out: Bytes, at: int, account: int, words: Vocabulary) -> int:
    if account >= 5:
        return put_comma(out, put(out, at, words.accrued, account - 5))
    return put(out, at, words.pieces, CASH if account == 1 else (COMMISSION if account == 3 else REALIZED))
