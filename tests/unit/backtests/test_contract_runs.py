"""Backtests of perpetual contracts and of two timeframes: hand-worked figures, input, hashes, and what is said."""

import csv
import json
import tempfile
import unittest
from decimal import Decimal
from pathlib import Path
from unittest import mock

import msgspec
import numpy as np

from backtests.config_backtest import ConfigBacktestRunner
from backtests.market_input import MarketInput
from core.candle import FundingRate
from core.candle_columns import CandleColumns
from core.errors import DataUnavailableError
from core.instrument import Instrument, MarginTier
from market_data.history.historical_data_provider import LoadedCandles
from market_data.instruments.instrument_store import InstrumentStore
from market_data.perpetual.perpetual_data import PerpetualData
from market_data.store.candle_store import CandleStore
from reports import render
from runs.documents.run_result import result_of
from runs.identity.data_hash import data_sha256
from tests.support.runs.backtest_runs import END, START, StoredContract, frame_of, scheduled_config, trade_rows
from tests.support.times import JANUARY_MS, MINUTE_MS

BTC = "BTC/USDT"
LADDER = [{"fraction": 0.5, "distance": 1.0}, {"fraction": 0.5, "distance": 2.0}]
PATH = (
    *[(100.0, 100.0, 100.0, 100.0)] * 3,
    (100.0, 101.0, 99.0, 100.0),
    (100.0, 106.0, 100.0, 105.0),
    (105.0, 105.0, 94.0, 100.0),
    *[(100.0, 100.0, 100.0, 100.0)] * 4,
)
"""A long entered at 100 in the minute 3 meets its first rung (105) in 4 and its stop (95) in 5; then nothing moves."""

FACTS = {"mark": "mark-1m", "mark_candles": 10, "funding_mark": "mark-1m", "funding_rates": 1}


def marks_of(highs: dict[int, float] | None = None) -> CandleColumns:
    """Return ten minutes of mark candles at 100, some with a higher high."""
    wanted = highs or {}
    return CandleColumns.from_rows(
        (JANUARY_MS + n * MINUTE_MS, 100.0, wanted.get(n, 100.0), 100.0, 100.0, 0.0) for n in range(10)
    )


def contract(**changes: object) -> PerpetualData:
    paid = (FundingRate(JANUARY_MS + 4 * MINUTE_MS + 7, 0.001, 102.0),)
    return PerpetualData(BTC, marks_of({8: 130.0}), paid, FACTS, ())._replace(**changes)


class ContractRun(unittest.TestCase):
    """Long 5 at 100, first rung and stop; then short at 100, liquidated by a mark of 130.

    1 % of 10,000 over a stop distance of 5 would be 20, but max_exposure 5 % of 10,000 allows 500 / 100 = 5.
    Long: entry commission 0.1 % of 500 = 0.5. Funding at 00:04 on 5 x 102 at 0.001: pays 0.51. Half leaves at 105:
    12.5 - 0.2625 - 0.25 - 0.255 = 11.7325; half at the stop 95: -12.5 - 0.2375 - 0.25 - 0.255 = -13.2425.
    Balance 9998.49. Short: 499.9245 / 100 = 4.999245, margin 99.9849 at leverage 5. Liquidation price
    (99.9849 + 499.9245) / (4.999245 x 1.005) = 119.40298507, reached by the mark's high of 130; closed at the
    bankruptcy price 599.9094 / 4.999245 = 120 without a fee, so that all of the margin is lost: -99.9849 - 0.4999245 of
    entry commission = -100.4848245. Balance 9898.0051755.
    """

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)

    def runner(self, data: PerpetualData | None = None, **changes: object) -> ConfigBacktestRunner:
        execution = {
            "slippage": 0.0,
            "exits": {"ladder": LADDER},
            "perpetual": {"leverage": 5, **changes.pop("perpetual", {})},
            **changes.pop("execution", {}),
        }
        config = scheduled_config(self.base, {"3": "LONG", "7": "SHORT"}, execution=execution, **changes)
        runner = ConfigBacktestRunner(config, START, END)
        runner.data_provider = StoredContract({"1m": frame_of(PATH)}, data or contract())
        return runner

    def test_the_hand_worked_run_has_its_figures(self) -> None:
        result = self.runner().run()
        rows = trade_rows(result["log_file"])
        self.assertEqual(
            [(row["action"], row["reason"], row["price"], row["quantity"], row["realized_pnl"]) for row in rows],
            [
                ("OPEN", "signal", "100", "5", "0"),
                ("CLOSE", "target", "105", "2.5", "11.7325"),
                ("CLOSE", "stop", "95", "2.5", "-13.2425"),
                ("OPEN", "signal", "100", "4.999245", "0"),
                ("CLOSE", "liquidation", "120", "4.999245", "-100.4848245"),
            ],
        )
        self.assertEqual(rows[-1]["balance"], "9898.0051755")
        statistics, performance = result["statistics"], result["performance"]
        expected = {
            "funding_payments": 1,
            "funding_received": 0.0,
            "funding_paid": 0.51,
            "liquidations": 1,
            "exits": {"liquidation": 1, "stop": 1, "target": 1},
            "ladder": [
                {"rung": 1, "fills": 1, "reached_pct": 50.0, "quantity": 2.5, "realized_pnl": 11.7325},
            ],
            "break_even_exits": 0,
            "time_stops": 0,
        }
        self.assertEqual({key: statistics[key] for key in expected}, expected)
        self.assertEqual((performance["total_trades"], performance["winning_trades"]), (2, 0))
        self.assertEqual(performance["funding_net"], -0.51)
        # 0.5 + 0.2625 + 0.2375 + 0.4999245 of commission and 0.51 of funding; the liquidation costs no commission.
        self.assertAlmostEqual(performance["commission_paid"], 1.4999245, places=9)
        self.assertAlmostEqual(performance["total_costs"], 2.0099245, places=9)
        of_symbol = result["symbols"][BTC]
        self.assertEqual((of_symbol["trades"], of_symbol["liquidations"], of_symbol["funding_net"]), (2, 1, -0.51))
        self.assertEqual(of_symbol["ladder"], expected["ladder"])

    def test_orders_and_ledger_lie_beside_the_rest_with_their_hashes_and_the_ledger_balances_to_zero(self) -> None:
        import hashlib

        result = self.runner().run()
        folder = Path(result["output_dir"])
        manifest = json.loads((folder / "manifest.json").read_text())
        for name in ("orders", "ledger"):
            digest = hashlib.sha256((folder / f"{name}.csv").read_bytes()).hexdigest()
            self.assertEqual((result[f"{name}_sha256"], manifest[f"{name}_sha256"]), (digest, digest))
        with (folder / "ledger.csv").open(newline="") as file:
            postings = list(csv.DictReader(file))
        self.assertEqual(sum(Decimal(row["amount"]) for row in postings), 0)
        last = {row["account"]: Decimal(row["balance"]) for row in postings}
        self.assertEqual(last["cash"], Decimal("9898.0051755"))
        self.assertEqual((last[f"margin:{BTC}"], last[f"accrued:{BTC}"], last["funding"]), (0, 0, Decimal("0.51")))

    def test_it_asks_for_what_the_settings_want_and_says_what_they_do_with_it(self) -> None:
        runner = self.runner(perpetual={"missing_funding": "warning"})
        result = runner.run()
        wanted = {"missing_funding": "warning", "use_mark": True, "use_funding": True}
        self.assertEqual(runner.data_provider.asked, [((BTC,), "1m", JANUARY_MS, JANUARY_MS + 10 * MINUTE_MS, wanted)])
        self.assertEqual(
            result["symbols"][BTC]["perpetual"],
            {
                "leverage": 5.0,
                "margin_table": "maintenance_rate 0.005 of the settings",
                "stop_trigger": "last",
                **FACTS,
            },
        )

    def test_the_margin_table_of_the_settings_and_of_the_instrument_are_told_apart(self) -> None:
        tiers = [{"notional_cap": 1e6, "maintenance_rate": 0.01, "max_leverage": 20.0}]
        result = self.runner(perpetual={"tiers": tiers}).run()
        self.assertEqual(result["symbols"][BTC]["perpetual"]["margin_table"], "1 tier of the settings")

    def test_what_is_not_known_of_a_contract_is_left_out(self) -> None:
        facts = {**FACTS, "funding_mark": None, "funding_rates": 0}
        told = self.runner(contract(facts=facts, funding=())).run()["symbols"][BTC]["perpetual"]
        self.assertEqual((0, False), (told["funding_rates"], "funding_mark" in told))

    def test_without_funding_and_marks_nothing_is_asked_and_any_provider_will_do(self) -> None:
        runner = self.runner(perpetual={"funding": False, "mark_price": False})
        runner.run()
        self.assertEqual(runner.data_provider.asked, [])
        runner.data_provider = mock.Mock(spec=["fetch_ohlcv"])
        runner.data_provider.fetch_ohlcv.return_value = frame_of(PATH)
        told = runner.run()["symbols"][BTC]["perpetual"]["mark"]
        self.assertEqual(told, "last price (mark prices are switched off)")

    def test_a_provider_that_knows_only_frames_is_refused_with_the_way_out(self) -> None:
        runner = self.runner()
        runner.data_provider = mock.Mock(spec=["fetch_ohlcv"])
        runner.data_provider.fetch_ohlcv.return_value = frame_of(PATH)
        with self.assertRaisesRegex(DataUnavailableError, "without load_perpetual.*funding and mark_price"):
            runner.run()

    def test_warnings_of_missing_funding_reach_the_result_and_the_report(self) -> None:
        warning = f"{BTC}: funding rates are not known for a while"
        result = self.runner(contract(warnings=(warning,))).run()
        self.assertIn(warning, result["warnings"])
        self.assertIn(f"Warning: {warning}", render(result_of(result), rich_output=False))

    def test_warnings_of_a_contract_name_it_as_configured(self) -> None:
        runner = self.runner(contract(warnings=(f"{BTC}: no rates",)), symbols=["BTCUSDT"])
        self.assertIn("BTCUSDT: no rates", runner.run()["warnings"])

    def test_the_console_report_has_sections_for_what_happened(self) -> None:
        text = render(self.runner().run_typed(), rich_output=False)
        for line in (
            "Exits (liquidation): 1 fill",
            "Liquidations: 1",
            "Rung 1: 1 fill, reached by 50.00 % of positions, 11.73 USDT",
            "Funding payments: 1",
            "Funding paid: 0.51 USDT",
            "Funding net: -0.51 USDT",
            "Total costs: 2.01 USDT",
            f"Contract {BTC}: leverage 5, margin by maintenance_rate 0.005 of the settings, "
            "mark-1m for liquidation, funding on mark-1m, 1 funding rate",
        ):
            self.assertIn(line, text.splitlines())
        self.assertNotIn("Liquidation fees", text)

    def test_liquidation_fees_are_told_apart_from_the_other_commission(self) -> None:
        """With a fee of 1 % the short of 4.999245 is closed at 599.9094 / 1.01, of which 1 % is the fee."""
        result = self.runner(perpetual={"liquidation_fee": 0.01}).run()
        fee, performance = 599.9094 / 1.01 * 0.01, result["performance"]
        self.assertAlmostEqual(performance["liquidation_fees"], fee, places=5)
        self.assertAlmostEqual(performance["commission_paid"], 1.4999245 + fee, places=5)
        self.assertIn("Liquidation fees: 5.94 USDT", render(result_of(result), rich_output=False).splitlines())

    def test_stops_on_marks_that_are_not_there_are_warned_of_and_the_line_names_the_price(self) -> None:
        facts = {**FACTS, "mark": "last price", "mark_candles": 0}
        for rows, told in (
            (0, "there are no mark candles of 1m or finer; the last price triggers stops"),
            (8, "2 of 10 mark candles are missing; the last price triggers stops there"),
            (10, None),
        ):
            data = contract(marks=marks_of().slice(0, rows), facts=facts)
            with self.subTest(rows):
                result = self.runner(data, perpetual={"stop_trigger": "mark"}).run()
                found = [text for text in result["warnings"] if "stop_trigger" in text]
                self.assertEqual(found, [] if told is None else [f"{BTC}: stop_trigger is mark, and {told}"])
                self.assertIn("last price for liquidation and stops,", render(result_of(result), rich_output=False))
        result = self.runner(contract(marks=marks_of().slice(0, 0), facts=facts)).run()
        self.assertEqual([text for text in result["warnings"] if "stop_trigger" in text], [])
        self.assertIn("last price for liquidation,", render(result_of(result), rich_output=False))

    def test_a_spot_report_says_nothing_of_contracts(self) -> None:
        config = scheduled_config(self.base)
        runner = ConfigBacktestRunner(config, START, END)
        runner.data_provider = StoredContract({"1m": frame_of()}, contract())
        text = render(runner.run_typed(), rich_output=False)
        for word in ("Funding", "Liquidations", "Rung", "Contract", "Partial", "Detail"):
            self.assertNotIn(word, text)


class TwoTimeframes(unittest.TestCase):
    def test_a_stop_is_booked_in_its_minute_and_the_strategy_sees_its_own_timeframe(self) -> None:
        """Five minutes decide at 00:05 and the long enters at 100; the minute 7 falls to 94: out at 95, 00:08."""
        minutes = [(100.0, 100.0, 100.0, 100.0)] * 15
        minutes[7] = (100.0, 100.0, 94.0, 100.0)
        whole = [(100.0, 100.0, 100.0, 100.0), (100.0, 100.0, 94.0, 100.0), (100.0, 100.0, 100.0, 100.0)]
        fives = frame_of(whole)
        fives["timestamp"] = fives["timestamp"].iloc[0] + np.arange(3) * np.timedelta64(5, "m")
        with tempfile.TemporaryDirectory() as folder:
            config = scheduled_config(
                Path(folder), {"1": "LONG"}, timeframe="5m", detail_interval="1m", execution={"slippage": 0.0}
            )
            runner = ConfigBacktestRunner(config, START, "2024-01-01T00:15")
            runner.data_provider = StoredContract({"1m": frame_of(minutes), "5m": fives}, contract())
            result = runner.run()
            rows = trade_rows(result["log_file"])
            curve = np.load(Path(result["output_dir"]) / "equity.npy")
        self.assertEqual(
            [(row["timestamp"][11:16], row["reason"], row["price"]) for row in rows],
            [("00:05", "signal", "100"), ("00:08", "stop", "95")],
        )
        self.assertEqual(result["config"]["detail_interval"], "1m")
        self.assertEqual((result["statistics"]["steps"], len(curve)), (15, 16))
        of_symbol = result["symbols"][BTC]
        self.assertEqual((of_symbol["candles"], of_symbol["detail_candles"]), (3, 15))
        self.assertEqual(of_symbol["missing_detail_candles"], 0)
        self.assertIn("Detail interval: 1m", render(result_of(result), rich_output=False))

    def test_detail_candles_that_are_missing_anywhere_are_counted_and_warned_of(self) -> None:
        minutes = frame_of([(100.0, 100.0, 100.0, 100.0)] * 15).drop(index=[0, 7, 8, 14])
        fives = frame_of([(100.0, 100.0, 100.0, 100.0)] * 3)
        fives["timestamp"] = fives["timestamp"].iloc[0] + np.arange(3) * np.timedelta64(5, "m")
        with tempfile.TemporaryDirectory() as folder:
            config = scheduled_config(Path(folder), {}, timeframe="5m", detail_interval="1m")
            runner = ConfigBacktestRunner(config, START, "2024-01-01T00:15")
            runner.data_provider = StoredContract({"1m": minutes, "5m": fives}, contract())
            result = runner.run()
        self.assertEqual(result["symbols"][BTC]["missing_detail_candles"], 4)
        warnings = [
            line for line in render(result_of(result), rich_output=False).splitlines() if line.startswith("Warning")
        ]
        self.assertEqual(warnings, [f"Warning: {BTC}: detail candles missing in the range: 4"])

    def test_a_symbol_without_detail_candles_is_named(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            config = scheduled_config(Path(folder), {}, timeframe="5m", detail_interval="1m")
            runner = ConfigBacktestRunner(config, START, END)
            runner.data_provider = StoredContract({"1m": frame_of(()), "5m": frame_of(((1.0,) * 4,))}, contract())
            warnings = runner.run()["warnings"]
        self.assertIn(f"{BTC}: no candle of the detail interval 1m in the window", " ".join(warnings))


class DatedRules(unittest.TestCase):
    """Ten minutes at 100 with a lot of 0.1 at first, of 3 from 00:05 on; 500 / 100 = 5 is wanted each time."""

    def run_with(self, *dated: tuple[int, str]) -> dict[str, object]:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        base = Path(folder.name)
        CandleStore(base / "data").write("own", BTC, "1m", marks_of(), source="test")
        for minute, lot in dated:
            rules = Instrument(BTC, Decimal("0.01"), Decimal(lot), source="market list")
            InstrumentStore(base / "data").save("own", {BTC: rules}, JANUARY_MS + minute * MINUTE_MS)
        signals, execution = {"1": "LONG", "6": "LONG"}, {"slippage": 0.0, "exits": {"max_holding": 2}}
        config = scheduled_config(base, signals, exchange="own", execution=execution)
        return ConfigBacktestRunner(config, START, END, offline=True).run()

    def test_rules_come_into_force_inside_the_window_and_the_result_says_so(self) -> None:
        result = self.run_with((0, "0.1"), (5, "3"))
        opened = [row["quantity"] for row in trade_rows(result["log_file"]) if row["action"] == "OPEN"]
        self.assertEqual(opened, ["5", "3"])
        of_symbol = result["symbols"][BTC]
        self.assertEqual(
            (of_symbol["instrument"]["lot_size"], of_symbol["instrument"]["later_than_start"]), ("0.1", False)
        )
        (change,) = of_symbol["rule_changes"]
        self.assertEqual((change["lot_size"], change["as_of"]), ("3", "2024-01-01T00:05:00.000Z"))
        report = render(result_of(result), rich_output=False)
        self.assertIn(
            f"Trading rules {BTC} changed: tick 0.01, lot 3, minimum notional 0, market list, as of 2024-01-01T00:05",
            report,
        )
        manifest = json.loads((Path(result["output_dir"]) / "manifest.json").read_text())
        self.assertEqual(manifest["symbols"][BTC]["rule_changes"], of_symbol["rule_changes"])

    def test_rules_of_a_later_date_stand_in_where_none_is_known_and_it_is_said(self) -> None:
        result = self.run_with((5_000, "3"))
        self.assertTrue(result["symbols"][BTC]["instrument"]["later_than_start"])
        self.assertEqual(result["symbols"][BTC]["rule_changes"], [])
        self.assertIn("later than the start of the range", render(result_of(result), rich_output=False))


class Hashes(unittest.TestCase):
    RULES = Instrument(BTC, Decimal("0.01"), Decimal("0.001"))

    def market(self, **changes: object) -> MarketInput:
        candles = {BTC: LoadedCandles(BTC, CandleColumns.empty(), marks_of(), self.RULES, {})}
        return MarketInput(candles, "1m")._replace(**changes)

    def detail(self, columns: CandleColumns, interval: str = "1m") -> dict[str, object]:
        return {
            "detail": {BTC: LoadedCandles(BTC, CandleColumns.empty(), columns, self.RULES, {})},
            "detail_interval": interval,
        }

    def test_every_input_changes_the_hash_and_each_of_its_values_does(self) -> None:
        rules = msgspec.structs.replace(self.RULES, as_of_ms=JANUARY_MS + MINUTE_MS)
        one = self.market().candles[BTC]
        tiers = (MarginTier(Decimal(1000), Decimal("0.01"), Decimal(0), Decimal(20)),)
        tiered = one._replace(instrument=msgspec.structs.replace(self.RULES, margin_tiers=tiers))
        limited = one._replace(instrument=msgspec.structs.replace(self.RULES, max_quantity=Decimal(3)))
        paid = contract().funding[0]
        markets = [
            self.market(),
            self.market(**self.detail(marks_of())),
            self.market(**self.detail(marks_of({3: 101.0}))),
            self.market(**self.detail(marks_of(), "30s")),
            self.market(candles={BTC: one._replace(rule_changes=(rules,))}),
            self.market(
                candles={BTC: one._replace(rule_changes=(msgspec.structs.replace(rules, as_of_ms=JANUARY_MS + 2),))}
            ),
            self.market(
                candles={BTC: one._replace(rule_changes=(msgspec.structs.replace(rules, tick_size=Decimal(1)),))}
            ),
            self.market(
                candles={BTC: one._replace(rule_changes=(msgspec.structs.replace(rules, margin_tiers=tiers),))}
            ),
            self.market(candles={BTC: limited}),
            self.market(perpetual={BTC: contract()}),
            self.market(perpetual={BTC: contract(marks=marks_of())}),
            self.market(perpetual={BTC: contract(funding=())}),
            self.market(candles={BTC: tiered}, perpetual={BTC: contract()}),
            *(
                self.market(perpetual={BTC: contract(funding=(msgspec.structs.replace(paid, **change),))})
                for change in ({"time_ms": paid.time_ms + 1}, {"rate": 0.002}, {"mark_price": None})
            ),
        ]
        self.assertEqual(len({data_sha256(market) for market in markets}), len(markets))

    def test_what_a_run_does_not_have_leaves_the_hash_as_it_is(self) -> None:
        """A margin table says nothing where there is no margin, and facts and warnings are no input."""
        one = self.market().candles[BTC]
        tiers = (MarginTier(Decimal(1000), Decimal("0.01"), Decimal(0), Decimal(20)),)
        tiered = one._replace(instrument=msgspec.structs.replace(self.RULES, margin_tiers=tiers))
        self.assertEqual(data_sha256(self.market(candles={BTC: tiered})), data_sha256(self.market()))
        told = contract(facts={"mark": "otherwise"}, warnings=("a warning",))
        self.assertEqual(
            data_sha256(self.market(perpetual={BTC: told})), data_sha256(self.market(perpetual={BTC: contract()}))
        )


if __name__ == "__main__":
    unittest.main()
