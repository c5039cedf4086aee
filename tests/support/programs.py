"""Programs that tests run: what they are given, and one worker for many of them."""

import contextlib
from collections.abc import Iterator
from typing import Any

from strategies.programs.sandbox.calling import Calling
from strategies.programs.sandbox.limits import ProgramLimits
from strategies.programs.sandbox.program_text import ProgramText
from strategies.programs.sandbox.refusal import Refusal
from strategies.programs.sandbox.sandbox import CallAnswer, CallInput, Serve
from strategies.programs.sandbox.worker import Worker

BTC, ETH = "BTC/USDT", "ETH/USDT"
CANDLES = [[hour * 3_600_000, 100.0 + hour, 101.5 + hour, 99.25 + hour, 100.5 + hour, 10.0] for hour in range(50)]
MARKET: dict[str, Any] = {
    "time": 180_000_000,
    "symbols": [BTC, ETH],
    "prices": {BTC: 149.5, ETH: 10.0},
    "klines": {BTC: {"1h": CANDLES, "": CANDLES}, ETH: {"1h": CANDLES[:3]}},
    "indicators": {BTC: {"rsi(14)|1h": {"value": 41.5, "candles": 300, "settled": True}}},
    "flows": {BTC: {"funding|": {"value": 0.0001, "reason": None}}},
    "regimes": {BTC: {"1h": {"regime": "trend"}}},
    "data": {BTC: {"price": 149.5}},
}
ACCOUNT: dict[str, Any] = {
    "balance": 10_000.0,
    "equity": 10_100.5,
    "positions": {BTC: {"side": "LONG", "quantity": 0.5, "entry_price": 120.0}},
    "open_orders": [],
    "trades_today": 1,
    "halted": False,
}
TRIGGER: dict[str, Any] = {
    "time_ms": 180_000_000,
    "trigger_type": "signal",
    "symbol": BTC,
    "signals": [],
    "pool_id": "",
}


def refusing(name: str, args: list[Any]) -> object:
    """Refuse any read."""
    raise Refusal(f"{name}: not declared")


def given(memory: dict[str, Any] | None = None, serve: Serve = refusing, *, trace: bool = False) -> CallInput:
    """Return what a call is given."""
    return CallInput(MARKET, ACCOUNT, TRIGGER, {} if memory is None else memory, serve, trace)


def program(*lines: str) -> str:
    """Return the program whose ``decide`` has these lines."""
    return "def decide(market, account, trigger):\n" + "".join(f"    {line}\n" for line in lines)


class Bench:
    """Runs many programs one after the other in one worker."""

    def __init__(self, limits: ProgramLimits) -> None:
        self.limits = limits
        self.worker = Worker(limits)

    def calls(self, text: str, *inputs: CallInput, checked: bool = True) -> list[CallAnswer]:
        """Return the answers of a program's calls; also past its check."""
        with self.opened(ProgramText.of(text)) as calling:
            if not checked:
                calling._wrong = None
            return [calling.call(one) for one in inputs]

    @contextlib.contextmanager
    def opened(self, text: ProgramText) -> Iterator[Calling]:
        """Give a program that can be called, while no other is."""
        calling = Calling(text, self.limits, self.worker)
        try:
            yield calling
        finally:
            calling.rest()
