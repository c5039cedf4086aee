"""What stands before a program in its interpreter: the objects that it sees, and the call of its ``decide``.

This is a text of the interpreter's own Python. Names that begin with ``_harness`` are out of a program's reach: its
text may not have them, and it cannot make a name of a text. Built-in names are taken here, before a program can give
them another meaning.
"""

from collections.abc import Mapping

from strategies.programs.sandbox.limits import ProgramLimits

PRIVATE = "_harness"
"""What a program's text may not contain."""
CALL = "_harness_call(_harness_given)"
"""The expression that calls the program; it answers one text, of parts that :mod:`.outcome` reads."""
GIVEN, SERVED = "_harness_given", "_harness_serve"
"""The names under which a call gets what it is given, and what answers reads that it was not given.

What it is given is one value, as each of several would be bound by itself: market, account, trigger, the candles that
:class:`~strategies.programs.sandbox.sent_candles.Sent` has, whether others are forgotten, memory, and the list in which
the call traces its reads, or None.
"""
DONE, NONSENSE, TOO_LARGE = "done", "nonsense", "large"
"""The first part of an answer."""
PARTS = "\x1e"
"""What stands between the parts of an answer: JSON has none. At an end of a line the process that runs programs would
send what is there so far, and each sending wakes the reader once."""
MOST_TRACED = 1000
"""Reads of one call that are traced."""
_LONGEST_ARGUMENTS = 2000
_MOST_SEEN = 600
"""Candles, in all, that a session keeps as a program sees them, beside what it keeps of them anyway.

They are made after the first call that reads them: an unused session has no less memory left for a call than one that
had calls before. A read is given copies of them, which takes half of what making them does; where it is given others
these are copies as well, for a copy takes less room. A program that
:func:`~strategies.programs.sandbox.shown_state.changes_nothing_shown` is given, at its first read in a call, these
themselves.
"""


def prelude(counts: Mapping[str, int], limits: ProgramLimits, *, copies: bool = True) -> str:
    """Return the text for a program whose candles are given up to ``counts`` (by period), and always in ``copies``."""
    return (
        _TEXT.replace("COUNTS", repr(dict(counts)))
        .replace("MOST_TRACED", str(MOST_TRACED))
        .replace("LONGEST_ARGUMENTS", str(_LONGEST_ARGUMENTS))
        .replace("OUTPUT_BYTES", str(limits.output_bytes))
        .replace("STATE_BYTES", str(limits.state_bytes))
        .replace("MOST_SEEN", str(_MOST_SEEN))
        .replace("COPIES", repr(copies))
        .replace("PARTS", repr(PARTS))
    )


_TEXT = """
from json import dumps as _harness_dumps
_harness_len = len
_harness_range = range
_harness_sum = sum
_harness_type = type
_harness_set = setattr
_harness_wrong = (TypeError, ValueError, RecursionError)
_harness_refused = LookupError
class Decision:
    def __init__(self, action, symbol=None, size=None, quote=None, leverage=None, stop=None, stop_distance=None,
                 target_distance=None, targets=None, reason=None):
        self.action = action
        self.symbol = symbol
        self.size = size
        self.quote = quote
        self.leverage = leverage
        self.stop = stop
        self.stop_distance = stop_distance
        self.target_distance = target_distance
        self.targets = targets
        self.reason = reason
    def __repr__(self):
        return "<Decision>"
_harness_decision = Decision
def _harness_ask(name, args):
    try:
        text = _harness_dumps(args)
    except _harness_wrong:
        text = None
    if text is None or _harness_len(text) > LONGEST_ARGUMENTS:
        raise _harness_refused(name + ": allowed: texts and numbers")
    return _harness_serve(name, text)
def _harness_shown(name, args):
    try:
        text = _harness_dumps([name, args])
    except _harness_wrong:
        text = None
    if text is None or _harness_len(text) > LONGEST_ARGUMENTS:
        text = _harness_dumps([name, ["what is no text or number, or too long to be shown"]])
    return text
class Market:
    def __init__(self, given, traced):
        self.time = given.get("time")
        self.symbols = given.get("symbols")
        self._harness_given = given
        self._harness_traced = traced
    def __repr__(self):
        return "<Market>"
    def _harness_read(self, part, name, symbol, key, args):
        traced = self._harness_traced
        if traced is not None and _harness_len(traced) < MOST_TRACED:
            traced.append(_harness_shown(name, args))
        found = _harness_kept if part == "klines" else self._harness_given.get(part)
        if found is not None:
            found = found.get(symbol)
            if found is not None and key is not None:
                found = found.get(key)
        return found
    def get_klines(self, symbol, period="", count=50):
        args = [symbol, period, count]
        kept = self._harness_read("klines", "get_klines", symbol, period, args)
        if kept is None or not 0 < count <= _harness_counts.get(period, 0):
            rows = _harness_ask("get_klines", args)
        elif kept[1] is None:
            rows, kept[2] = kept[0], True
        elif kept[3]:
            return [one.copy() for one in kept[1][-count:]]
        else:
            kept[3] = True
            return kept[1][-count:]
        return [{"time": t, "open": o, "high": h, "low": l, "close": c, "volume": v}.copy()
                for t, o, h, l, c, v in rows[-count:]]
    def get_indicator(self, symbol, indicator, period=""):
        args = [symbol, indicator, period]
        key = indicator + "|" + period
        found = self._harness_read("indicators", "get_indicator", symbol, key, args)
        if found is None:
            key = "".join(indicator.split()).lower() + "|" + period
            found = self._harness_given.get("indicators", {}).get(symbol, {}).get(key)
        return _harness_ask("get_indicator", args) if found is None else found
    def get_flow(self, symbol, metric, period=""):
        args = [symbol, metric, period]
        key = "".join(metric.split()).lower() + "|" + period
        found = self._harness_read("flows", "get_flow", symbol, key, args)
        return _harness_ask("get_flow", args) if found is None else found
    def get_regime(self, symbol, period=""):
        args = [symbol, period]
        found = self._harness_read("regimes", "get_regime", symbol, period, args)
        return _harness_ask("get_regime", args) if found is None else found
    def get_current_prices(self, symbols=None):
        args = [symbols]
        prices = self._harness_read("prices", "get_current_prices", None, None, args)
        prices = self._harness_given.get("prices", {})
        if symbols is None:
            return prices
        found = {one: prices.get(one) for one in symbols}
        return _harness_ask("get_current_prices", args) if None in found.values() else found
    def get_market_data(self, symbol):
        args = [symbol]
        found = self._harness_read("data", "get_market_data", symbol, None, args)
        return _harness_ask("get_market_data", args) if found is None else found
class Account:
    def __init__(self, given):
        for key, value in given.items():
            _harness_set(self, key, value)
    def __repr__(self):
        return "<Account>"
class Trigger:
    def __init__(self, given):
        for key, value in given.items():
            _harness_set(self, key, value)
    def __repr__(self):
        return "<Trigger>"
_harness_market = Market
_harness_account = Account
_harness_trigger = Trigger
_harness_counts = COUNTS
_harness_kept = {}
_harness_stock = {}
def _harness_take(sent, forgets):
    global _harness_kept, _harness_stock
    found = {}
    old = _harness_stock
    stock = {} if forgets else old
    for symbol, periods in sent.items():
        mine = found[symbol] = {}
        for period, (dropped, more) in periods.items():
            key = (symbol, period)
            if dropped is None:
                stock[key] = mine[period] = [more, None, False, False]
                continue
            kept = stock[key] = mine[period] = old[key]
            rows, seen, is_read, _ = kept
            for _ in _harness_range(dropped):
                rows.pop(0)
            rows.extend(more)
            if not is_read:
                continue
            if seen is None:
                if _harness_len(rows) + _harness_sum([_harness_len(one[1] or ()) for one in old.values()]) > MOST_SEEN:
                    continue
                seen = kept[1] = []
                more = rows
            else:
                for _ in _harness_range(dropped):
                    seen.pop(0)
            seen.extend([{"time": t, "open": o, "high": h, "low": l, "close": c, "volume": v}
                         for t, o, h, l, c, v in more])
            kept[3] = COPIES
    _harness_kept, _harness_stock = found, stock
def _harness_call(given):
    global memory
    market, account, trigger, sent, forgets, memory, traced = given
    if sent or _harness_kept:
        _harness_take(sent, forgets)
    said = decide(_harness_market(market, traced), _harness_account(account), _harness_trigger(trigger))
    if _harness_type(said) is _harness_decision:
        said = {"action": said.action, "symbol": said.symbol, "size": said.size, "quote": said.quote,
                "leverage": said.leverage, "stop": said.stop, "stop_distance": said.stop_distance,
                "target_distance": said.target_distance, "targets": said.targets, "reason": said.reason}
    try:
        said = _harness_dumps(said)
    except _harness_wrong:
        return "nonsense" + PARTS + "result"
    if _harness_len(said) > OUTPUT_BYTES:
        return "large" + PARTS + "result"
    try:
        kept = _harness_dumps(memory)
    except _harness_wrong:
        return "nonsense" + PARTS + "memory"
    if _harness_len(kept) > STATE_BYTES:
        return "large" + PARTS + "memory"
    traced = "null" if traced is None else "[" + ",".join(traced) + "]"
    return "done" + PARTS + said + PARTS + kept + PARTS + traced
"""
