"""Runs of programs that read open interest: fed it as it was known, from the store, and nothing else is changed."""

import json
import shutil
import tempfile
import unittest
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from msgspec import UNSET

from backtests.in_memory import run_backtest
from backtests.many.run_base import StoredBase
from backtests.market_input import load_market
from backtests.player.session_player import SessionPlayer
from backtests.portfolio.portfolio_run import PortfolioPlan, run_portfolio
from backtests.proof.history_source import HistorySource, load_history
from backtests.run import made_run
from backtests.timeline import steps_of
from core.errors import DataUnavailableError
from core.instants import format_ms
from core.time_range import TimeRange
from engine.assembly import build_strategy_of
from engine.open_interest import first_stamp_ms, open_interest_asked
from market_data.history.historical_data_provider import HistoricalDataProvider
from market_data.series_columns import OpenInterestColumns
from market_data.store.candle_store import CandleStore
from programs import BacktestConfig, ProgramBacktestEngine
from programs.backtest_config import PRACTICE_CONFIG
from programs.program_choice import ProgramChoice
from programs.program_run import ProgramMarket, program_plan, program_settings, run_program
from research.folds.windowed_base import WindowedBase
from runs.dataset.fed_candles import fed_candles
from runs.documents.run_result import RunResult
from runs.folder.file_names import DECISIONS, DERIVED, RESULT
from runs.reading.run_folder import read_run
from strategies.programs.known_interest import NO_INTEREST, NO_INTEREST_BEFORE
from strategies.programs.sandbox.sandbox import CallInput
from tests.support.runs.drawn_programs import NOTHING, decided_by, drawn_market, hour
from tests.support.times import DAY_MS, HOUR_MS, MINUTE_MS
from validation.composed_settings import Settings
from validation.portfolio_settings import PortfolioTerms, compose_portfolio

A, B = "AAA/USDT:USDT", "BBB/USDT:USDT"
HOURS = 14
PRICES = [(100.0 + n % 3, 103.0 + n % 3, 99.0 - n % 2, 101.0 + n % 3) for n in range(HOURS)]
TEXT = """
def decide(market, account, trigger):
    now = market.get_flow(trigger.symbol, "open_interest", "5m")
    change = market.get_flow(trigger.symbol, "open_interest_change", "2h")
    if change["value"] is None:
        return None
    reason = f"{now['value']} {now['quote']} {change['value']} {change['ratio']} {change['time']}"
    if trigger.symbol in account.positions:
        return Decision("close", reason=reason)
    return Decision("buy" if change["value"] > 0 else "sell", stop_distance=20, reason=reason)
"""
FIVE_MINUTES = """
def decide(market, account, trigger):
    market.get_flow(trigger.symbol, "open_interest", "5m")
"""
Amounts = Mapping[str, Sequence[tuple[int, float]]]
Told = dict[tuple[int, str], dict[str, Any]]


def every_five_minutes(start_ms: int, end_ms: int) -> list[tuple[int, float]]:
    """Return stamps with amounts that go up and down."""
    steps = range(start_ms, end_ms, 5 * MINUTE_MS)
    return [(stamp, 1000.0 + 37.0 * (n % 29) - 11.0 * (n % 7)) for n, stamp in enumerate(steps)]


PLAIN = every_five_minutes(hour(0) - DAY_MS, hour(HOURS))


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        perpetual = {"leverage": 2, "funding": False, "mark_price": False}
        cls.config = drawn_market(cls.folder, {A: PRICES, B: PRICES[::-1]}, execution={"perpetual": perpetual})
        cls.whole = cls.stored("whole", {A: PLAIN, B: [(at, 2 * amount) for at, amount in PLAIN]})

    @classmethod
    def stored(cls, name: str, rows: Amounts, period: str = "5m") -> Path:
        """Return a store with the candles, and this open interest."""
        place = cls.folder / name
        shutil.copytree(cls.folder / "store", place)
        for symbol, of_symbol in rows.items():
            columns = OpenInterestColumns.from_rows([(at, amount, 3.0 * amount) for at, amount in of_symbol])
            CandleStore(place).write("drawn", symbol, f"open-interest-{period}", columns, source="test")
        return place

    def provider(self) -> HistoricalDataProvider:
        return HistoricalDataProvider("drawn", self.whole, offline=True)

    def settings(self, store: Path, text: str = TEXT, name: str = "reads", **overrides: object) -> Settings:
        choice = ProgramChoice(name, text, schedule="1h")
        return program_settings(choice, ProgramMarket(self.config, data_dir=str(store), overrides=overrides))


class Calls(Case):
    """Runs that a function of the test decides."""

    def run_over(self, store: Path, first: int = 0, text: str = TEXT, **more: object) -> tuple[RunResult, Told]:
        """Return the result of a run from so many hours on, and what each call was told by time and symbol."""
        told: Told = {}

        def decide(given: CallInput) -> object:
            symbol = given.trigger["symbol"]
            told[given.market["time"], symbol] = flows = given.market["flows"].get(symbol, {})
            change = flows.get("open_interest_change|2h", {"value": None})["value"]
            if change is None:
                return None
            reason = f"{flows['open_interest|5m']['value']} {change}"
            if symbol in given.account["positions"]:
                return {"action": "close", "reason": reason}
            return {"action": "buy" if change > 0 else "sell", "reason": reason, "stop_distance": 20}

        config = BacktestConfig(
            code=text, scheduled_interval="1h", start_time=hour(first), end_time=hour(HOURS), offline=True,
            config_path=str(self.config), data_dir=str(store), output_dir=str(self.folder / "out"), **more,
        )  # fmt: skip
        return ProgramBacktestEngine(config, decided_by(decide)).run().result, told

    def lines(self, result: RunResult) -> list[bytes]:
        folder = Path(str(result.output_dir)) / str(result.run_id)
        return (folder / DECISIONS).read_bytes().splitlines()

    def test_a_row_is_seen_from_the_close_on_at_which_it_is_known_and_never_before(self) -> None:
        """A sentinel: two stores that are equal up to a stamp, and other in every row from it on."""
        result, told = self.run_over(self.whole)
        self.assertEqual(2 * HOURS, len(told))
        for name, stamp, known in (
            ("known at the close", hour(6) - 5 * MINUTE_MS, hour(6)),
            ("known after the close", hour(6), hour(7)),
        ):
            planted = [(at, amount if at < stamp else 5e6 + n) for n, (at, amount) in enumerate(PLAIN)]
            doubled = [(at, 2 * amount if at < stamp else 5e6 + n) for n, (at, amount) in enumerate(PLAIN)]
            other, seen = self.run_over(self.stored(name, {A: planted, B: doubled}))
            with self.subTest(name):
                differing = [key for key, flows in told.items() if seen[key] != flows]
                self.assertEqual([key for key in told if key[0] >= known], differing)
                lines = zip(self.lines(result), self.lines(other), strict=False)
                first = next(json.loads(mine) for mine, theirs in lines if mine != theirs)
                self.assertEqual(("program", format_ms(known)), (first["event"], first["time"]))
                self.assertNotEqual(result.data_sha256, other.data_sha256)
                self.assertNotEqual(result.run_id, other.run_id)

    def test_where_a_run_begins_is_nothing_that_is_told(self) -> None:
        lacking = [row for row in PLAIN if row[0] not in (hour(2), hour(4) - 2 * HOUR_MS, hour(7))]
        store = self.stored("lacking", {A: lacking, B: PLAIN})
        _, whole = self.run_over(store)
        for first in (1, 4, 8):
            _, later = self.run_over(store, first)
            self.assertEqual({key: told for key, told in whole.items() if key[0] > hour(first)}, later)

    def test_what_is_not_stored_has_its_reason_and_stands_in_the_result(self) -> None:
        lacking = [row for row in PLAIN if hour(3) - HOUR_MS <= row[0] < hour(8)]
        result, told = self.run_over(self.stored("part", {A: lacking}))
        # By hand: hour(2) is 12:00, so that of 2 h those of 12:00, 14:00 and 16:00 are stored. The first is known at
        # 13:00 without one before it, the second at 15:00; the last bridges that of 18:00, until 21:00.
        changes = [told[hour(n), A]["open_interest_change|2h"] for n in range(1, HOURS + 1)]
        expected = [NO_INTEREST] * 2 + [NO_INTEREST_BEFORE] * 2 + [None] * 6 + [NO_INTEREST] * 4
        self.assertEqual(expected, [one["reason"] for one in changes])
        self.assertEqual([hour(4)] * 2 + [hour(6)] * 4, [one["time"] for one in changes if one["reason"] is None])
        of_none = [one for key, flows in told.items() for one in flows.values() if key[1] == B]
        self.assertEqual([{"value": None, "reason": NO_INTEREST}] * 2 * HOURS, of_none)
        terms = {symbol: one.perpetual for symbol, one in result.symbols.items()}
        self.assertEqual(("open-interest-5m", len(lacking)), (terms[A].open_interest, terms[A].open_interest_rows))
        self.assertEqual((UNSET, 0), (terms[B].open_interest, terms[B].open_interest_rows))
        self.assertEqual(terms[B].open_interest_missing, terms[A].open_interest_rows + terms[A].open_interest_missing)
        said = [line for line in result.warnings if "open interest" in line]
        self.assertEqual([A, B], [line.partition(": ")[0] for line in said])

    def test_what_is_stored_of_a_long_period_alone_is_told_beside_a_shorter_one_that_is_read_too(self) -> None:
        hours = [row for row in PLAIN if row[0] % (2 * HOUR_MS) == 0]
        store = self.stored("hours", {A: hours, B: hours}, "2h")
        _, whole = self.run_over(self.whole)
        _, told = self.run_over(store)
        changes = [(flows["open_interest_change|2h"], whole[key]["open_interest_change|2h"]) for key, flows in
                   told.items() if key[1] == A]  # fmt: skip
        self.assertEqual([mine for mine, _ in changes], [theirs for _, theirs in changes])
        self.assertNotIn(None, [mine["value"] for mine, _ in changes])

    def test_who_reads_none_or_trades_no_contracts_is_fed_none_and_its_hash_is_as_it_was(self) -> None:
        asked, _ = self.run_over(self.whole)
        silent, told = self.run_over(self.whole, text=NOTHING)
        without, _ = self.run_over(self.folder / "store", text=NOTHING)
        nothing_stored, _ = self.run_over(self.folder / "store")
        self.assertEqual({False}, {bool(flows) for flows in told.values()})
        self.assertIs(UNSET, silent.symbols[A].perpetual.open_interest_rows)
        self.assertEqual(1, len({one.data_sha256 for one in (silent, without, nothing_stored)}))
        self.assertNotEqual(asked.data_sha256, silent.data_sha256)
        spot = program_settings(ProgramChoice("spot", TEXT, schedule="1h"), ProgramMarket(PRACTICE_CONFIG))
        self.assertEqual((), open_interest_asked(spot, [build_strategy_of(spot)]))

    def test_a_run_that_can_be_fed_none_says_so(self) -> None:
        opens = [hour(n) for n in range(3)]
        frame = pd.DataFrame({"timestamp": pd.to_datetime(opens, unit="ms", utc=True), "volume": 1.0})
        frame[["open", "high", "low", "close"]] = 100.0
        contracts = {"funding": False, "mark_price": False}
        for perpetual, why in ((None, "only perpetual contracts have it"), (contracts, "there is none beside candles")):
            config = {"strategy": {"type": "program", "params": {"code": TEXT, "schedule": "1h"}}}
            result = run_backtest(frame, config={**config, "execution": {"perpetual": perpetual}}).result
            said = [line for line in result.warnings if "open interest" in line]
            self.assertEqual(1, len(said))
            self.assertIn(f"and was fed none: {why}", said[0])

    def test_a_provider_that_has_none_is_one_clear_line(self) -> None:
        class Replaced:
            def __init__(self, own: HistoricalDataProvider) -> None:
                self.load, self.fetch_ohlcv = own.load, own.fetch_ohlcv

        settings = self.settings(self.whole)
        plan = program_plan(settings, TimeRange(hour(0), hour(2)))
        provider = Replaced(self.provider())
        with self.assertRaisesRegex(DataUnavailableError, "without load_open_interest.*give it that method") as raised:
            made_run(plan, provider)
        self.assertEqual(1, len(str(raised.exception).splitlines()))


class Sandboxed(Case):
    """Runs of the text itself."""

    def test_members_of_a_portfolio_are_told_what_they_are_told_alone(self) -> None:
        coarser = TEXT.replace('"2h"', '"4h"').replace('"5m"', '"1h"')
        settings = {"fine": self.settings(self.whole, TEXT, "fine", symbols=[B])}
        settings["coarse"] = self.settings(self.whole, coarser, "coarse")
        whole = compose_portfolio("pair", PortfolioTerms.from_dict({}), settings)
        plan = PortfolioPlan(
            settings=whole, start_ms=hour(0), end_ms=hour(6), output_dir=self.folder / "all", offline=True
        )
        provider = self.provider()
        result = run_portfolio(plan, provider)
        for name, own in settings.items():
            with self.subTest(name):
                alone_plan = program_plan(own, TimeRange(hour(0), hour(6)), output_dir=self.folder / name)
                alone = made_run(alone_plan, provider).result
                member, folder = Path(result.members[name].folder), Path(str(alone.output_dir)) / str(alone.run_id)
                for file in DERIVED:
                    self.assertEqual((folder / file).read_bytes(), (member / file).read_bytes(), file)
                told = [json.loads((one / RESULT).read_bytes()) for one in (folder, member)]
                for one in told:
                    del one["log_file"], one["output_dir"]
                self.assertEqual(*told)
                # The store has what its hash is of.
                self.assertIn(B, fed_candles(read_run(folder), own, build_strategy_of(own), self.whole).traded)
        self.assertGreater(result.performance.trades, 4)

    def test_a_store_that_has_more_or_other_rows_than_a_run_was_fed_is_told_apart_from_that_which_it_used(self) -> None:
        own = self.settings(self.whole)
        plan = program_plan(own, TimeRange(hour(0), hour(2)), output_dir=self.folder / "fed", offline=True)
        made = made_run(plan, self.provider()).result
        run, strategy = read_run(Path(str(made.output_dir)) / str(made.run_id)), build_strategy_of(own)
        fewer = self.stored("fewer", {A: PLAIN, B: [(at, 2 * amount) for at, amount in PLAIN if at != hour(0)]})
        other = self.stored("other", {A: PLAIN, B: PLAIN})
        rows = made.symbols[B].perpetual.open_interest_rows
        for store, said in (
            (fewer, f"it had {rows} rows of open interest of {B}, now {rows - 1}"),
            (other, "now another; "),
        ):
            with self.assertRaises(DataUnavailableError) as raised:
                fed_candles(run, own, strategy, store)
            self.assertIn(said, str(raised.exception))

    def test_a_member_that_is_told_other_than_alone_says_so(self) -> None:
        coarse = TEXT.replace('"2h"', '"4h"').replace('"5m"', '"1h"')
        store = self.stored("disagree", {A: PLAIN, B: PLAIN})
        hours = [(at, 10 * amount) for at, amount in PLAIN if at % HOUR_MS == 0]
        columns = OpenInterestColumns.from_rows([(at, amount, 3.0 * amount) for at, amount in hours])
        CandleStore(store).write("drawn", A, "open-interest-1h", columns, source="test")
        settings = {"fine": self.settings(store, FIVE_MINUTES, "fine", symbols=[B])}
        settings["coarse"] = self.settings(store, coarse, "coarse", symbols=[A])
        whole = compose_portfolio("apart", PortfolioTerms.from_dict({}), settings)
        plan = PortfolioPlan(
            settings=whole, start_ms=hour(0), end_ms=hour(3), output_dir=self.folder / "apart", offline=True
        )
        result = run_portfolio(plan, HistoricalDataProvider("drawn", store, offline=True))
        told = json.loads((Path(result.members["coarse"].folder) / RESULT).read_bytes())
        (said,) = [line for line in told["warnings"] if "contradicts" in line]
        first = first_stamp_ms(hour(0), ["1h", "4h"])
        rows = (hour(3) - 1 - first) // HOUR_MS + 1
        self.assertIn(f"{rows} rows of open interest of 1h", said)
        self.assertIn(f"the first of {format_ms(first)}, are other than alone", said)
        self.assertEqual(rows, told["symbols"][A]["perpetual"]["open_interest_rows"])
        fine = json.loads((Path(result.members["fine"].folder) / RESULT).read_bytes())
        self.assertEqual([], [line for line in fine["warnings"] if "contradicts" in line])

    def test_a_player_that_goes_back_and_on_makes_the_run(self) -> None:
        window = TimeRange(hour(0), hour(6))
        made = run_program(
            program_plan(self.settings(self.whole), window, output_dir=self.folder / "run", offline=True), hour(HOURS)
        )
        plan = program_plan(self.settings(self.whole), window, output_dir=self.folder / "played", offline=True)
        player = SessionPlayer(plan)
        player.step(5)
        player.seek(hour(2))
        player.play()
        self.assertEqual(made.result.run_id, player.result.result.run_id)
        self.assertEqual(made.result.ledger_sha256, player.result.result.ledger_sha256)
        self.assertGreater(made.result.performance.total_trades, 4)

    def test_history_of_a_session_has_what_a_run_of_its_window_is_fed(self) -> None:
        settings, periods = self.settings(self.whole), ["5m", "2h"]
        source = HistorySource(hour(HOURS), str(self.whole), offline=True)
        history = load_history(settings, source, hour(1), hour(6), (), hour(0), periods)
        provider = self.provider()
        market = load_market(provider, settings.live, hour(0), hour(6), 0, (), periods)
        steps = list(steps_of(history.window()))
        self.assertEqual(list(steps_of(market.window())), steps)
        self.assertEqual(12, len(steps[-1].open_interest[1]))
        without = load_history(settings, source, hour(1), hour(6), (), hour(0))
        self.assertEqual([()] * 6, [one.open_interest for one in steps_of(without.window())])

    def test_a_window_that_sees_nothing_from_before_it_has_no_open_interest_from_before_it(self) -> None:
        plan = program_plan(self.settings(self.whole), TimeRange(hour(0), hour(6)))
        base, part = StoredBase(plan, self.provider()), TimeRange(hour(2), hour(4))
        strategy = build_strategy_of(plan.settings)
        seen, alone = (WindowedBase(base, part, isolated=isolated) for isolated in (False, True))
        rows, own = (one.load(one.plan, strategy, 0).open_interest[A].rows for one in (seen, alone))
        self.assertLess(rows[0].time_ms, hour(2) - 4 * HOUR_MS)
        self.assertEqual(([hour(2) + 5 * n * MINUTE_MS for n in range(24)]), [one.time_ms for one in own])
        self.assertEqual(own, rows[-24:])

    def test_runs_of_other_periods_are_fed_other_markets(self) -> None:
        settings = self.settings(self.whole)
        plan = program_plan(settings, TimeRange(hour(0), hour(6)))
        base = StoredBase(plan, self.provider())
        other = program_plan(self.settings(self.whole, TEXT.replace("5m", "4h")), TimeRange(hour(0), hour(6)))
        keys = [base.market_of(one, build_strategy_of(one.settings))[0] for one in (plan, other, plan)]
        self.assertEqual((keys[0], 2), (keys[2], len(set(keys))))
        market = base.load(other, build_strategy_of(other.settings), 0)
        # 2h serves 2h and 4h. hour(0) is 10:00: of 4 h that of 08:00 is known, two before it is 00:00.
        self.assertEqual([hour(-10 + 2 * n) for n in range(8)], [row.time_ms for row in market.open_interest[A].rows])
