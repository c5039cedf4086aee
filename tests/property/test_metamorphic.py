"""What must follow when the input is changed in a known way: idle symbols, other files, other units, other weeks."""

import gzip
import itertools
import tempfile
import unittest
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from backtests.config_backtest import ConfigBacktestRunner
from core.candle import Candle
from core.candle_columns import CandleColumns
from core.instants import format_ms, parse_instant
from core.instrument import Instrument
from core.timeframe import WEEK_MS
from core.trading_signal import Signal
from market_data.files.candle_import import import_files
from market_data.store.candle_store import CandleStore
from strategies import ScalpingEMARSI
from tests.support.config_tree import write_config
from tests.support.market_data_sets import practice_candles, practice_columns
from tests.support.runs.kernel_runs import KernelRun
from tests.support.runs.strategy_runs import whole_run
from tests.support.scale import scaled
from tests.support.scripted_strategy import Script, ScriptedStrategy
from tests.support.times import HOUR_MS, JANUARY_MS, MINUTE_MS

Candles = dict[str, list[Candle]]
BUSY = ("BTC/USDT", "SOL/USDT", "XRP/USDT")
COSTLY: Mapping[str, object] = {"slippage": 0.0005, "commission_rate": 0.0005}
EVENTFUL: Mapping[str, object] = {
    **COSTLY,
    "on_opposite_signal": "reverse",
    "enable_trailing_stop": True,
    "trailing_stop_pct": 0.004,
    "max_daily_loss_pct": 0.004,
    "max_open_trades": 2,
    "max_order_wait": 4,
    "on_halt": "flatten",
}

TENSE: Mapping[str, object] = {
    **EVENTFUL,
    "default_risk_per_trade": 0.02,
    "max_exposure": 0.5,
    "max_exposure_pct": 1.0,
    "max_daily_loss_pct": 0.002,
}
"""Positions so large beside the limits that equity of any one step can halt the run."""

LADDER = (
    {"fraction": 0.3, "distance": 0.5},
    {"fraction": 0.3, "distance": 1.0},
    {"fraction": 0.4, "distance": 2.0},
)
RESTING: Mapping[str, object] = {
    **EVENTFUL,
    "entry_order": "limit",
    "entry_offset": 0.001,
    "max_entries": 3,
    "max_exposure": 0.2,
    "default_risk_per_trade": 0.0005,
    "volume_cap": 0.0001,
    "exits": {"ladder": LADDER, "break_even_after": 1, "max_holding": 9},
}
"""Resting entries that fill in parts, several of them in one position, and a ladder under it."""

MARGINED: Mapping[str, object] = {
    **RESTING,
    "entry_order": "stop",
    "intrabar": "optimistic",
    "max_exposure": 2.0,
    "max_exposure_pct": 10.0,
    "default_risk_per_trade": 0.01,
    "max_daily_loss_pct": 0.5,
    "volume_cap": None,
    "perpetual": {
        "leverage": 24.0,
        "tiers": [{"notional_cap": 1e12, "maintenance_rate": 0.04}],
        "liquidation_fee": 0.001,
    },
}
"""Positions with so little margin that some are liquidated."""


def thinned(candles: Sequence[Candle], place: int) -> list[Candle]:
    """Return the candles with holes of one and of four or more, the ends kept."""
    kept = [one for number, one in enumerate(candles) if (number * 7 + place) % 13 and (number // 4 + place) % 17]
    return [candles[0], *kept[1:-1], candles[-1]]


def scripted(candles: Mapping[str, Sequence[Candle]], every: int = 7, share: float = 0.004) -> Script:
    """Return signals at fixed places, both directions, with distances of whole thousandths of the price."""
    script: dict[str, dict[int, Signal]] = {}
    for place, (symbol, stored) in enumerate(candles.items()):
        script[symbol] = {
            one.open_time_ms: Signal(
                "LONG" if (number // every + place) % 3 else "SHORT",
                sl_distance=one.close * share,
                tp_distance=one.close * share * 1.5 if number % 2 else None,
            )
            for number, one in enumerate(stored)
            if (number + place) % every == 0
        }
    return script


class IdleSymbolTest(unittest.TestCase):
    """A symbol that never signals changes nothing for the others, whatever candles it has.

    Its candles lie within the others' span: the last step of a run is that of all symbols. With ``entry_fill: close``
    a step of its own could show an entry's costs to the safety monitor earlier, so only ``next_open`` is promised.
    """

    def check(self, quiet: Callable[[list[Candle]], list[Candle]], flat: Mapping[str, object]) -> None:
        stored = practice_candles((*BUSY, "ETH/USDT"), "1h", scaled(500, 5_000))
        idle = quiet(stored.pop("ETH/USDT"))
        self.assertTrue(idle)
        # Where all the others lack the same candles, a step exists only because of the idle symbol.
        for common in (False, True):
            busy = {
                symbol: thinned(candles, 0 if common else place)
                for place, (symbol, candles) in enumerate(stored.items())
            }
            script = scripted(busy)
            expected = self.run_on(busy, script, flat)
            self.assertGreater(len(expected.rows), 40)
            for place in range(len(BUSY) + 1):
                items = list(busy.items())
                items.insert(place, ("ETH/USDT", idle))
                got = self.run_on(dict(items), script, flat)
                with self.subTest(place=place, common=common):
                    self.assertEqual(expected.trades, got.trades)
                    self.assertEqual(_events_without(expected, "ETH/USDT"), _events_without(got, "ETH/USDT"))

    def run_on(self, candles: Candles, script: Script, flat: Mapping[str, object]) -> KernelRun:
        return whole_run(ScriptedStrategy(script), candles, flat, timeframe="1h", timeframe_ms=HOUR_MS)

    def test_with_all_its_candles(self) -> None:
        for flat in (COSTLY, EVENTFUL, TENSE, RESTING, MARGINED):
            self.check(list, flat)

    def test_with_candles_missing_here_and_there(self) -> None:
        for flat in (COSTLY, EVENTFUL, TENSE, RESTING, MARGINED):
            self.check(lambda stored: stored[5:-30:3] + stored[-20:-10], flat)

    def test_with_a_long_gap(self) -> None:
        self.check(lambda stored: stored[10:50] + stored[200:210], {**EVENTFUL, "max_gap": 20})

    def test_an_idle_symbol_of_the_shipped_strategy(self) -> None:
        # It has volume too low to speak: none at all.
        candles = practice_candles(("BTC/USDT", "SOL/USDT", "ETH/USDT"), "15m", scaled(2_500, 20_000))
        silent = [Candle(one.open_time_ms, one.open, one.high, one.low, one.close, 0.0) for one in candles["ETH/USDT"]]
        busy = {symbol: candles[symbol] for symbol in ("BTC/USDT", "SOL/USDT")}
        with_idle = {"BTC/USDT": busy["BTC/USDT"], "ETH/USDT": silent, "SOL/USDT": busy["SOL/USDT"]}
        first, second = (
            whole_run(ScalpingEMARSI(), one, COSTLY, timeframe="15m", timeframe_ms=15 * MINUTE_MS)
            for one in (busy, with_idle)
        )
        self.assertGreater(len(first.rows), 20)
        self.assertEqual(first.trades, second.trades)


class OtherUnitsTest(unittest.TestCase):
    def test_ten_times_the_price_on_ten_times_the_tick_and_a_tenth_of_the_lot(self) -> None:
        small = practice_candles(BUSY, "1h", scaled(600, 5_000))
        large = {symbol: [_scaled_candle(one) for one in stored] for symbol, stored in small.items()}
        rules = {symbol: _rules(symbol, "0.01", "0.0001") for symbol in BUSY} | {
            "XRP/USDT": _rules("XRP/USDT", "0.0001", "0.1")
        }
        scaled_rules = {
            symbol: Instrument(symbol, one.tick_size * 10, one.lot_size / 10, one.min_notional, one.min_quantity / 10)
            for symbol, one in rules.items()
        }
        script = scripted(small)
        scaled_script = {
            symbol: {time_ms: _scaled_signal(signal) for time_ms, signal in signals.items()}
            for symbol, signals in script.items()
        }
        for flat in (COSTLY, EVENTFUL, {**RESTING, "entry_offset": 0.0, "volume_cap": None}):
            first = self.run_on(small, script, rules, flat)
            second = self.run_on(large, scaled_script, scaled_rules, flat)
            self.assertGreater(len(first.rows), 40)
            self.assertEqual([self.as_scaled(row) for row in first.rows], [self.kept(row) for row in second.rows])
            self.assertEqual(first.equity, second.equity)
            self.assertEqual(first.refused, second.refused)

    def run_on(
        self, candles: Candles, script: Script, rules: Mapping[str, Instrument], flat: Mapping[str, object]
    ) -> KernelRun:
        return whole_run(
            ScriptedStrategy(script), candles, flat, instruments=rules, timeframe="1h", timeframe_ms=HOUR_MS
        )

    def kept(self, row: Mapping[str, str]) -> dict[str, object]:
        money = ("commission", "slippage", "balance", "equity", "realized_pnl", "unrealized_pnl")
        same = ("timestamp", "order_id", "symbol", "action", "side", "reason")
        return {
            **{name: row[name] for name in same},
            **{name: Decimal(row[name]) for name in money},
            "price": Decimal(row["price"]),
            "quantity": Decimal(row["quantity"]),
        }

    def as_scaled(self, row: Mapping[str, str]) -> dict[str, object]:
        return {
            **self.kept(row),
            "price": Decimal(row["price"]) * 10,
            "quantity": Decimal(row["quantity"]) / 10,
        }


class OtherTimesTest(unittest.TestCase):
    def test_other_weeks_move_the_timestamps_and_nothing_else(self) -> None:
        candles = {
            symbol: thinned(stored, place)
            for place, (symbol, stored) in enumerate(practice_candles(BUSY, "1h", scaled(500, 5_000)).items())
        }
        script = scripted(candles)
        expected = whole_run(ScriptedStrategy(script), candles, EVENTFUL, timeframe="1h", timeframe_ms=HOUR_MS)
        self.assertGreater(len(expected.rows), 40)
        for weeks in (-1, 9, 52):
            shift = weeks * WEEK_MS
            later = {
                symbol: [_moved(one, one.open_time_ms + shift) for one in stored] for symbol, stored in candles.items()
            }
            moved_script = {
                symbol: {time_ms + shift: signal for time_ms, signal in signals.items()}
                for symbol, signals in script.items()
            }
            got = whole_run(ScriptedStrategy(moved_script), later, EVENTFUL, timeframe="1h", timeframe_ms=HOUR_MS)
            moved_back = [{**row, "timestamp": format_ms(parse_instant(row["timestamp"]) - shift)} for row in got.rows]
            self.assertEqual(expected.rows, moved_back)
            self.assertEqual(list(expected.session.outputs.curve), list(got.session.outputs.curve))


class MirrorTest(unittest.TestCase):
    def test_a_market_upside_down_pays_the_other_side_the_same(self) -> None:
        self.check({}, {}, {"stop", "target", "opposite_signal"})

    def test_so_it_does_with_every_path_through_a_candle_and_with_ladders(self) -> None:
        # Highs become lows, so that the two fixed paths change places.
        paths = {"pessimistic": "pessimistic", "optimistic": "optimistic", "ohlc": "olhc", "olhc": "ohlc"}
        rungs = {"exits": {"ladder": LADDER, "break_even_after": 1, "max_holding": 9}}
        for path, upside_down in paths.items():
            with self.subTest(path):
                first, second = ({**rungs, "intrabar": one} for one in (path, upside_down))
                self.check(first, second, {"stop", "target", "opposite_signal", "break_even"})

    def test_so_it_does_with_resting_entries_at_the_close(self) -> None:
        resting = {
            "entry_order": "limit",
            "entry_offset": 0.0,
            "max_entries": 3,
            "limit_fill": "touch",
            "volume_cap": 1.0,
        }
        self.check(resting, resting, {"stop", "target", "opposite_signal"})

    def check(self, first_more: Mapping[str, object], second_more: Mapping[str, object], reasons: set[str]) -> None:
        # Without costs, and with sizes that come from the risk alone, LONG and SHORT are mirror images about 200. The
        # prices are whole numbers of 1/4, so that 400 - price is exact.
        candles = {"AAA/USDT": _quarter_candles(1), "BBB/USDT": _quarter_candles(5)}
        script = {
            symbol: {
                one.open_time_ms: Signal(
                    "LONG" if number % 10 else "SHORT",
                    sl_distance=1.5,
                    tp_distance=2.25 if number % 3 else None,
                )
                for number, one in enumerate(stored)
                if number % 5 == 0
            }
            for symbol, stored in candles.items()
        }
        flat = {
            "default_risk_per_trade": 0.001,
            "max_exposure": 1.0,
            "max_exposure_pct": 1.0,
            "on_opposite_signal": "reverse",
        }
        rules = {symbol: _rules(symbol, "0.25", "0.01") for symbol in candles}
        first = whole_run(ScriptedStrategy(script), candles, {**flat, **first_more}, instruments=rules)
        mirrored = {symbol: [_mirrored(one) for one in stored] for symbol, stored in candles.items()}
        swapped = {symbol: {time: _swapped(one) for time, one in signals.items()} for symbol, signals in script.items()}
        second = whole_run(ScriptedStrategy(swapped), mirrored, {**flat, **second_more}, instruments=rules)
        self.assertGreater(len(first.rows), 60)
        self.assertLessEqual(reasons, {row["reason"] for row in first.rows})
        other_side = {"LONG": "SHORT", "SHORT": "LONG"}
        back = [{**row, "price": 400 - Decimal(row["price"]), "side": other_side[row["side"]]} for row in second.rows]
        self.assertEqual(
            [_without({**row, "price": Decimal(row["price"])}, "metadata") for row in first.rows],
            [_without(row, "metadata") for row in back],
        )
        self.assertEqual(list(first.session.outputs.curve), list(second.session.outputs.curve))


class SplitTest(unittest.TestCase):
    def test_two_runs_divided_where_nothing_is_open_are_one(self) -> None:
        candles = practice_candles(BUSY, "1h", scaled(500, 5_000))
        script = scripted(candles, every=23)
        whole = whole_run(ScriptedStrategy(script), candles, COSTLY, timeframe="1h", timeframe_ms=HOUR_MS)
        divisions = self.flat_moments(whole, script)
        self.assertGreater(len(divisions), 3)
        for time_ms in divisions[1::3]:
            first = self.part(candles, script, lambda one, at=time_ms: one.open_time_ms < at, COSTLY)
            carried = {**COSTLY, "starting_balance": float(first.session.account.balance)}
            second = self.part(candles, script, lambda one, at=time_ms: one.open_time_ms >= at, carried)
            parts = [*first.rows, *second.rows]
            self.assertEqual(
                [_without(row, "order_id") for row in whole.rows], [_without(row, "order_id") for row in parts]
            )

    def part(
        self, candles: Candles, script: Script, kept: Callable[[Candle], bool], flat: Mapping[str, object]
    ) -> KernelRun:
        part = {symbol: [one for one in stored if kept(one)] for symbol, stored in candles.items()}
        return whole_run(ScriptedStrategy(script), part, flat, timeframe="1h", timeframe_ms=HOUR_MS)

    def flat_moments(self, run: KernelRun, script: Script) -> list[int]:
        """Return whole hours at which no position is open and no entry waits."""
        deciding = {time_ms + HOUR_MS for signals in script.values() for time_ms in signals}
        moments, open_count = [], 0
        for row, following in itertools.pairwise(run.rows):
            open_count += 1 if row["action"] == "OPEN" else -1
            # An exit inside a candle is stamped with the candle's close, so a later opening hour is surely after it.
            moment = parse_instant(row["timestamp"]) + HOUR_MS
            moment -= moment % HOUR_MS
            if not open_count and moment < parse_instant(following["timestamp"]) and moment not in deciding:
                moments.append(moment)
        return moments


class StoredFilesTest(unittest.TestCase):
    """However the candles came into the store, a run of them gives the same bytes."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.candles = {symbol: practice_columns(symbol, "15m", 3_000, JANUARY_MS) for symbol in BUSY[:2]}

    def outputs(self, name: str) -> dict[str, bytes]:
        live = {"exchange": "recorded", "symbols": list(self.candles), "timeframe": "15m"}
        config = write_config(self.folder / name, live=live)
        runner = ConfigBacktestRunner(
            config,
            "2024-01-04",
            "2024-01-31",
            offline=True,
            data_dir=self.folder / name / "data",
            output_dir=self.folder / name / "out",
        )
        result = runner.run()
        self.assertGreater(result["performance"]["total_trades"], 5)
        kept = ("equity.csv", "equity.npy", "decisions.jsonl")
        files = {one: (Path(result["output_dir"]) / one).read_bytes() for one in kept}
        return {
            **files,
            "trades": Path(result["log_file"]).read_bytes(),
            "data": result["data_sha256"].encode(),
        }

    def take(self, name: str, parts: Sequence[tuple[int, int]]) -> None:
        """Import rows ``start:stop`` of every symbol, part by part, each from a file of its own."""
        store = CandleStore(self.folder / name / "data")
        for number, (start, stop) in enumerate(parts):
            for symbol, columns in self.candles.items():
                folder = self.folder / name / str(number) / symbol.replace("/", "-")
                folder.mkdir(parents=True)
                file = folder / ("15m.csv.gz" if number % 2 else "15m.csv")
                _write(file, columns.slice(start, stop))
                import_files(store, [file], exchange="recorded")

    def test_one_file_or_many_in_any_order_and_overlapping(self) -> None:
        self.take("whole", [(0, 3_000)])
        expected = self.outputs("whole")
        for name, parts in (
            ("days", [(start, start + 96) for start in range(0, 3_000, 96)]),
            ("backwards", [(2_000, 3_000), (700, 2_000), (0, 700)]),
            ("overlapping", [(0, 1_800), (1_000, 3_000), (500, 1_200)]),
        ):
            self.take(name, parts)
            with self.subTest(name=name):
                self.assertEqual(expected, self.outputs(name))


def _events_without(run: KernelRun, symbol: str) -> list[dict[str, object]]:
    """Return the events of the account and of the other symbols; a halt is lifted at the day's first step, whosever.

    Expiries stand before the events of other kinds, by their own times: each is told at the first step after its time,
    and where two share that step, in configured order.
    """
    events = [
        _without(event, "time") if event["event"] == "halt_lifted" else event
        for event in run.events
        if event.get("symbol") != symbol
    ]
    expired = [event for event in events if event["event"] == "order_expired"]
    expired.sort(key=lambda event: (event["time"], event["symbol"]))
    return [*expired, *(event for event in events if event["event"] != "order_expired")]


def _write(file: Path, columns: CandleColumns) -> None:
    lines = ["timestamp,open,high,low,close,volume"]
    lines += [",".join(map(repr, row)) for row in zip(*(column.tolist() for column in columns), strict=True)]
    data = ("\n".join(lines) + "\n").encode()
    file.write_bytes(gzip.compress(data) if file.suffix == ".gz" else data)


def _rules(symbol: str, tick: str, lot: str) -> Instrument:
    return Instrument(symbol, Decimal(tick), Decimal(lot), Decimal(5), Decimal(lot))


def _scaled_candle(candle: Candle) -> Candle:
    prices = (float(Decimal(repr(price)) * 10) for price in (candle.open, candle.high, candle.low, candle.close))
    return Candle(candle.open_time_ms, *prices, candle.volume)


def _scaled_signal(signal: Signal) -> Signal:
    return Signal(
        signal.direction,
        sl_distance=None if signal.sl_distance is None else signal.sl_distance * 10,
        tp_distance=None if signal.tp_distance is None else signal.tp_distance * 10,
    )


def _moved(candle: Candle, open_time_ms: int) -> Candle:
    return Candle(open_time_ms, candle.open, candle.high, candle.low, candle.close, candle.volume)


def _quarter_candles(seed: int) -> list[Candle]:
    """Return candles on a grid of 1/4 that wander about 200."""
    state, price, candles = seed, 800, []
    for number in range(scaled(250, 4_000)):
        state = (state * 1_103_515_245 + 12_345) % 2**31
        step = (state >> 16) % 11 - 5 + (1 if price < 800 else -1)
        opened, closed = price + (state >> 9) % 3 - 1, price + step
        high = max(opened, closed) + (state >> 13) % 4
        low = min(opened, closed) - (state >> 21) % 4
        candles.append(Candle(JANUARY_MS + number * MINUTE_MS, opened / 4, high / 4, low / 4, closed / 4, 1.0))
        price = closed
    return candles


def _mirrored(candle: Candle) -> Candle:
    return Candle(
        candle.open_time_ms, 400 - candle.open, 400 - candle.low, 400 - candle.high, 400 - candle.close, candle.volume
    )


def _swapped(signal: Signal) -> Signal:
    return Signal(
        "SHORT" if signal.direction == "LONG" else "LONG",
        sl_distance=signal.sl_distance,
        tp_distance=signal.tp_distance,
    )


def _without(row: Mapping[str, object], column: str) -> dict[str, object]:
    return {name: value for name, value in row.items() if name != column}


if __name__ == "__main__":
    unittest.main()
