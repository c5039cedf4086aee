"""Backtests of portfolios: members that are left alone do what they do alone, cash that moves is exact and causal."""

import csv
import tempfile
import unittest
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import msgspec
import numpy as np

from backtests.portfolio.portfolio_run import PortfolioPlan, run_portfolio
from backtests.settled_run import run_settled
from core.instants import parse_instant
from core.time_range import TimeRange
from core.timeframe import DAY_MS
from market_data.history.historical_data_provider import HistoricalDataProvider
from market_data.history.loaded_candles import LoadedCandles
from runs.documents.portfolio_result import PortfolioResult
from runs.folder.file_names import CURVE, DERIVED, MANIFEST, PORTFOLIO, RESULT, STEPS
from runs.reading.run_folder import measure_run, read_run
from tests.support.config_tree import write_config
from validation.composed_settings import Settings
from validation.loading import load_settings
from validation.overrides import Overrides
from validation.portfolio_settings import PortfolioTerms, compose_portfolio

START, END = parse_instant("2024-01-01"), parse_instant("2024-01-29")
LIVE: dict[str, object] = {"exchange": "practice", "symbols": ["BTC/USDT"], "timeframe": "15m",
                           "strategy": {"type": "scalping_ema_rsi"}}  # fmt: skip
FIRST = {"symbols": ["BTC/USDT", "ETH/USDT"]}
SECOND = {"symbols": ["SOL/USDT", "ETH/USDT"], "strategy": {"params": {"ema_fast": 6}}}


class Counted(HistoricalDataProvider):
    """Notes which candles are loaded."""

    loads: list[tuple[str, str]]

    def load(self, symbols: Sequence[str], interval: str, *args: int, **kwargs: int) -> dict[str, LoadedCandles]:
        self.loads += [(symbol, interval) for symbol in symbols]
        return super().load(symbols, interval, *args, **kwargs)


class Runs(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        write_config(cls.folder, live=LIVE)

    def settings(self, **overrides: object) -> Settings:
        config = self.folder / "config" / "live.yaml"
        return load_settings(config, data_dir=self.folder / "data", overrides=Overrides(overrides, "test"))

    def run_of(
        self, terms: Mapping[str, object], members: Mapping[str, Settings], end_ms: int = END, start_ms: int = START
    ) -> PortfolioResult:
        settings = compose_portfolio("pair", PortfolioTerms.from_dict(terms), members)
        self.loads: list[tuple[str, str]] = []
        plan = PortfolioPlan(settings=settings, start_ms=start_ms, end_ms=end_ms, output_dir=self.folder / "out",
                             offline=True, show_progress=False)  # fmt: skip
        data = settings.first.data
        provider = Counted("practice", cache_dir=data.cache_dir, offline=False, now_ms=lambda: end_ms + DAY_MS)
        provider.loads = self.loads
        return run_portfolio(plan, provider)

    def assert_alone(self, result: PortfolioResult, name: str, settings: Settings, start_ms: int = START) -> None:
        """Compare every byte of a member's outputs with those of its system's own backtest."""
        alone = run_settled(settings, TimeRange(start_ms, END), END + DAY_MS, output_dir=self.folder / "alone")
        member, own = Path(result.members[name].folder), Path(str(alone.output_dir)) / str(alone.run_id)
        for file in (*DERIVED, CURVE, STEPS):
            self.assertEqual((own / file).read_bytes(), (member / file).read_bytes(), file)
        self.assertEqual(alone.run_id, result.members[name].run_id)
        told = [msgspec.json.decode((one / RESULT).read_bytes()) for one in (own, member)]
        for one in told:
            one.pop("log_file"), one.pop("output_dir")
        self.assertEqual(*told)
        self.assertEqual({MANIFEST}, {MANIFEST} & {path.name for path in member.iterdir()})

    def test_a_portfolio_of_one_system_is_the_system_byte_for_byte(self) -> None:
        system = self.settings(**FIRST)
        result = self.run_of({"rebalance": "1d"}, {"one": system})
        self.assert_alone(result, "one", system)
        self.assertEqual(
            (Path(result.members["one"].folder) / CURVE).read_bytes(), (Path(result.output_dir) / CURVE).read_bytes()
        )
        self.assertGreater(result.performance.trades, 20)

    def test_members_that_share_nothing_but_the_account_do_what_they_do_alone(self) -> None:
        first, second = self.settings(**FIRST), self.settings(**SECOND)
        result = self.run_of({}, {"first": first, "second": second})
        self.assert_alone(result, "first", first)
        self.assert_alone(result, "second", second)
        whole = sum(np.load(Path(one.folder) / CURVE) for one in result.members.values())
        np.testing.assert_array_equal(whole, np.load(Path(result.output_dir) / CURVE))

    def test_members_with_finer_candles_marks_funding_and_watched_symbols_do_too(self) -> None:
        start_ms = parse_instant("2024-01-22")
        contracts = {"detail_interval": "5m", "execution": {"perpetual": {"leverage": 3}}}
        first = self.settings(**contracts, symbols=["BTC/USDT"], watch=["SOL/USDT"])
        second = self.settings(**contracts, symbols=["SOL/USDT", "ETH/USDT"], watch=["BTC/USDT"])
        result = self.run_of({}, {"first": first, "second": second}, start_ms=start_ms)
        self.assert_alone(result, "first", first, start_ms)
        self.assert_alone(result, "second", second, start_ms)

    def test_what_several_members_trade_or_watch_is_loaded_once_and_each_has_its_own_warm_up_of_it(self) -> None:
        start_ms = parse_instant("2024-01-22")
        slow = {"params": {"ema_slow": 90}}
        first = self.settings(symbols=["BTC/USDT", "ETH/USDT"], watch=["SOL/USDT"], detail_interval="5m")
        second = self.settings(symbols=["ETH/USDT"], watch=["SOL/USDT"], detail_interval="5m", strategy=slow)
        result = self.run_of({}, {"first": first, "second": second}, start_ms=start_ms)
        traded = [(symbol, interval) for symbol in ("BTC/USDT", "ETH/USDT") for interval in ("15m", "5m")]
        self.assertEqual(sorted([*traded, ("SOL/USDT", "15m")]), sorted(self.loads))
        self.assert_alone(result, "first", first, start_ms)
        self.assert_alone(result, "second", second, start_ms)

    def test_cash_that_moves_is_exact_is_no_profit_and_is_told(self) -> None:
        members = {"first": self.settings(**FIRST), "second": self.settings(**SECOND)}
        terms = {"capital": 10_000, "allocation": "risk_parity", "rebalance": "1d", "lookback": 20}
        result = self.run_of(terms, members)
        folder = Path(result.output_dir)
        with (folder / "rebalances.csv").open() as file:
            rows = list(csv.DictReader(file))
        moved: dict[str, Decimal] = {}
        for row in rows:
            moved[row["timestamp"]] = moved.get(row["timestamp"], Decimal(0)) + Decimal(row["moved"])
        self.assertEqual({Decimal(0)}, set(moved.values()))
        self.assertEqual(result.rebalances, len(moved))
        self.assertEqual({"few_days", "returns"}, {row["basis"] for row in rows})
        self.assertGreater(result.moved, 0.0)
        # What the trades of all members earned is what the whole account gained, to the last digit.
        earned, balance = Decimal(0), Decimal(0)
        for one in result.members.values():
            with (Path(one.folder) / "trades.csv").open() as file:
                trades = list(csv.DictReader(file))
            earned += sum(Decimal(row["realized_pnl"]) for row in trades)
            with (Path(one.folder) / "equity.csv").open() as file:
                balance += Decimal(list(csv.DictReader(file))[-1]["balance"])
        self.assertEqual(Decimal(10_000) + earned, balance)
        self.assertEqual(float(balance), result.performance.equity)
        parts = [one.contribution.return_pct for one in result.members.values()]
        self.assertAlmostEqual(result.performance.total_return_pct, sum(parts), 9)
        self.assertAlmostEqual(1.0, sum(one.contribution.volatility_share for one in result.members.values()), 9)
        for one in result.members.values():
            with self.subTest(one.folder):
                figures = measure_run(read_run(one.folder))
                self.assertAlmostEqual(one.total_return_pct, figures.performance.total_return_pct, 9)
                self.assertAlmostEqual(one.max_drawdown_pct, figures.drawdown.max_drawdown_pct, 9)
        written = msgspec.json.decode((folder / PORTFOLIO).read_bytes())
        self.assertEqual(result.run_id, written["run_id"])

    def test_nothing_that_comes_later_changes_what_has_moved(self) -> None:
        members = {"first": self.settings(**FIRST), "second": self.settings(**SECOND)}
        terms = {"capital": 10_000, "allocation": "minimum_correlation", "rebalance": "1d", "lookback": 20}
        texts = []
        for end in ("2024-01-25T12:00", "2024-01-29"):
            result = self.run_of(terms, members, parse_instant(end))
            texts.append((Path(result.output_dir) / "rebalances.csv").read_text())
        self.assertIn(",returns,", texts[0])
        self.assertTrue(texts[1].startswith(texts[0]))


if __name__ == "__main__":
    unittest.main()
