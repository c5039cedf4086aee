"""A portfolio that a test steps by hand, hour by hour, with all its outputs."""

from collections.abc import Mapping
from decimal import Decimal

from core.candle import Candle, Step
from core.instrument import Instrument
from core.trading_signal import Signal
from engine.portfolio.portfolio_assembly import MemberParts, build_portfolio
from engine.portfolio.portfolio_outputs import PortfolioOutputs
from engine.renderer import SessionOutputs
from engine.session import Session
from tests.support.runs.kernel_runs import KernelRun, settings_from
from tests.support.scripted_strategy import ScriptedStrategy
from tests.support.times import HOUR_MS
from validation.portfolio_settings import PortfolioTerms, compose_portfolio

Said = Mapping[str, Mapping[int, Signal]]
"""Signals by symbol and hour of the decision candle."""


class SteppedPortfolio:
    """Members that say what they are told, each with 10,000; ``play`` gives all of them the candles of one hour.

    The symbols are on a tick of 0.01 and a lot of 0.001; costs are 0 unless a setting says otherwise.
    """

    def __init__(self, said: Mapping[str, Said], terms: Mapping[str, object] | None = None, **flat: object) -> None:
        members = {name: settings_from(flat, list(own), "1h") for name, own in said.items()}
        self.settings = compose_portfolio("pair", PortfolioTerms.from_dict(terms or {}), members, "pair.yaml")
        self.symbols = self.settings.symbols
        self.written = {name: [bytearray() for _ in range(5)] for name in said}
        self.rebalances = bytearray()
        sinks = {name: SessionOutputs(*(one.extend for one in parts)) for name, parts in self.written.items()}
        scripts = {
            name: {symbol: {hour * HOUR_MS: one for hour, one in signals.items()} for symbol, signals in own.items()}
            for name, own in said.items()
        }
        self.portfolio = build_portfolio(
            self.settings,
            {name: MemberParts(ScriptedStrategy(script)) for name, script in scripts.items()},
            {symbol: Instrument(symbol, Decimal("0.01"), Decimal("0.001")) for symbol in self.symbols},
            PortfolioOutputs(sinks, self.rebalances.extend),
            kill_switch=False,
        )

    def play(self, hour: int, **prices: float) -> None:
        """Process the hour whose candles open at 100, or as the one before closed, and close at the prices given."""
        candles = []
        for symbol in self.symbols:
            close = prices.get(symbol)
            candles.append(None if close is None else self._candle(symbol, hour, close))
        self.portfolio.process(Step((hour + 1) * HOUR_MS, tuple(candles)))

    def session(self, name: str) -> Session:
        """Return a member's session."""
        return next(one.session for one in self.portfolio.members if one.name == name)

    def run(self, name: str) -> KernelRun:
        """Return what a member has written."""
        return KernelRun(self.session(name), *(bytes(one) for one in self.written[name]))

    @property
    def moved(self) -> list[tuple[str, ...]]:
        """The rows of the table of rebalancings, without their header."""
        return [tuple(row.split(",")) for row in self.rebalances.decode().splitlines()[1:]]

    def _candle(self, symbol: str, hour: int, close: float) -> Candle:
        last = self._last.get(symbol, 100.0)
        self._last[symbol] = close
        return Candle(hour * HOUR_MS, last, max(last, close), min(last, close), close, 1_000.0)

    @property
    def _last(self) -> dict[str, float]:
        return self.__dict__.setdefault("closes", {})
