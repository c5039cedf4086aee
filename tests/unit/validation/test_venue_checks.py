"""Checks of the venue's settings between keys: timing of orders, contracts and their leverage, keys without effect."""

import json
import tempfile
import unittest
from pathlib import Path

from tests.support.config_tree import write_config
from validation import ConfigValidationError, Settings, load_settings
from validation.symbol_rules import PERPETUALS_ONLY, kind_of

Values = dict[str, object]


class VenueChecks(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)
        self.live: Values = {"exchange": "practice", "symbols": ["BTC/USDT", "ETH/USDT"], "timeframe": "1h"}

    def load(
        self, live: Values | None = None, risk: Values | None = None, mode: Values | None = None, **execution: object
    ) -> Settings:
        values = {**self.live, "execution": execution, **(live or {})}
        return load_settings(write_config(self.base, values, risk, mode), base_path=self.base)

    def wrong(self, live: Values | None = None, *others: Values, **execution: object) -> list[str]:
        with self.assertRaises(ConfigValidationError) as caught:
            self.load(live, *others, **execution)
        return [line.replace(f"{self.base}/config/", "") for line in caught.exception.problems]


class OrderTiming(VenueChecks):
    def test_a_detail_interval_fits_into_the_timeframe_without_rest(self) -> None:
        for timeframe, detail in (("1h", "1m"), ("1h", "30m"), ("15m", "5m"), ("1w", "1d"), ("1w", "4h"), ("1d", "1h")):
            self.assertEqual(
                detail, self.load({"timeframe": timeframe, "detail_interval": detail}).live.detail_interval
            )
        for timeframe, detail, words in (
            ("1h", "1h", "detail_interval: '1h' — allowed: shorter than timeframe (1h), or null"),
            ("15m", "1h", "detail_interval: '1h' — allowed: shorter than timeframe (15m), or null"),
        ):
            lines = self.wrong({"timeframe": timeframe, "detail_interval": detail})
            self.assertEqual([f"live.yaml: {words}"], lines)

    def test_a_detail_interval_off_the_grid_of_the_timeframe_is_refused(self) -> None:
        (self.base / "store" / "own-set").mkdir(parents=True)
        own = {"exchange": "own-set", "data": {"cache_dir": str(self.base / "store")}}
        for timeframe, detail in (("1h", "7m"), ("1h", "25m"), ("1d", "9h"), ("1w", "7h"), ("1w", "56h")):
            with self.subTest(timeframe=timeframe, detail=detail):
                (line,) = self.wrong({**own, "timeframe": timeframe, "detail_interval": detail})
                self.assertTrue(line.startswith(f"live.yaml: detail_interval: {detail!r} — allowed: "), line)
        self.load({**own, "timeframe": "1w", "detail_interval": "8h"})

    def test_the_exchange_serves_the_detail_interval(self) -> None:
        (line,) = self.wrong({"exchange": "binanceus", "detail_interval": "20m"})
        self.assertTrue(
            line.startswith("live.yaml: detail_interval: binanceus has no 20m candles — allowed: 1s, 1m, "), line
        )
        (line,) = self.wrong({"detail_interval": "1M"})
        self.assertTrue(line.startswith("live.yaml: detail_interval: '1M' — allowed: 1m, "), line)

    def test_an_argument_that_replaces_the_timeframe_is_checked_against_the_detail_interval(self) -> None:
        path = write_config(self.base, {**self.live, "detail_interval": "5m"})
        self.assertEqual("15m", load_settings(path, interval="15m").live.timeframe)
        with self.assertRaisesRegex(
            ConfigValidationError, r"detail_interval: '5m' — allowed: shorter than timeframe \(1m\)"
        ):
            load_settings(path, interval="1m")

    def test_a_path_by_detail_candles_needs_them(self) -> None:
        self.load({"detail_interval": "1m"}, intrabar="detail")
        self.load({"detail_interval": "1m"}, intrabar="ohlc")
        (line,) = self.wrong(intrabar="detail")
        self.assertTrue(line.startswith("live.yaml: execution.intrabar: detail — allowed: with detail_interval"), line)

    def test_a_latency_leaves_every_entry_an_open(self) -> None:
        hour = 3_600_000
        self.load(latency_ms=hour, max_order_wait=1)
        (line,) = self.wrong(latency_ms=hour + 1, max_order_wait=1)
        self.assertEqual(
            f"live.yaml: execution.latency_ms: {hour + 1} — allowed: at most {hour} with max_order_wait 1 and candles "
            "of 1h, else every entry expires first",
            line,
        )
        self.load(latency_ms=hour, entry_order="limit", entry_expiry=2)
        self.assertEqual(1, len(self.wrong(latency_ms=hour + 1, entry_order="limit", entry_expiry=2)))
        self.load({"detail_interval": "1m"}, latency_ms=2 * hour - 60_000, entry_order="stop", entry_expiry=2)
        self.assertEqual(
            1, len(self.wrong({"detail_interval": "1m"}, latency_ms=2 * hour, entry_order="stop", entry_expiry=2))
        )
        self.load(latency_ms=24 * hour, entry_order="limit", entry_time_in_force="GTC")

    def test_a_fill_at_the_close_is_for_market_entries_without_latency(self) -> None:
        self.assertEqual(
            ["live.yaml: execution.latency_ms: 5 — allowed: 0 with entry_fill close"],
            self.wrong(latency_ms=5, entry_fill="close"),
        )
        for order in ("limit", "stop"):
            self.assertEqual(
                [f"live.yaml: execution.entry_fill: close — allowed: next_open with entry_order {order}"],
                self.wrong(entry_order=order, entry_fill="close"),
            )

    def test_an_expiry_beyond_the_largest_gap_is_refused_only_where_it_counts(self) -> None:
        self.load(max_gap=2, max_order_wait=2)
        self.load(max_gap=2, max_order_wait=2, entry_order="limit", entry_time_in_force="GTC")
        (line,) = self.wrong(max_gap=2, max_order_wait=2, entry_order="limit")
        self.assertEqual("live.yaml: execution.entry_expiry: 3 — allowed: at most max_gap (2)", line)


class WithoutEffect(VenueChecks):
    def test_a_key_that_nothing_reads_is_refused_with_what_would_read_it(self) -> None:
        cases: tuple[tuple[Values, str], ...] = (
            ({"entry_offset": 0.002}, "entry_offset: 0.002 has no effect with entry_order market — allowed: "
             "entry_order limit or stop, or leave this key out"),
            ({"entry_expiry": 5}, "entry_expiry: 5 has no effect with entry_order market"),
            ({"entry_time_in_force": "GTC"}, "entry_time_in_force: 'GTC' has no effect with entry_order market"),
            ({"entry_order": "stop", "entry_time_in_force": "GTC", "entry_expiry": 5},
             "entry_expiry: 5 has no effect with entry_time_in_force GTC"),
            ({"post_only": True, "entry_order": "stop"}, "post_only: true — allowed: false with entry_order stop"),
            ({"limit_fill_probability": 0.1}, "limit_fill_probability: 0.1 has no effect with limit_fill through"),
            ({"limit_fill": "touch", "limit_fill_seed": 3}, "limit_fill_seed: 3 has no effect with limit_fill touch"),
            ({"spread": {"fraction": 0.001}}, "spread.fraction: 0.001 has no effect with model none"),
            ({"spread": {"model": "fixed", "fraction": 0.1e-2, "candles": 5}}, "spread.candles: 5 has no effect with"),
            ({"spread": {"model": "fixed"}}, "spread.fraction: 0.0 — allowed: above 0 with model fixed"),
            ({"slippage_model": {"coefficient": 1}}, "slippage_model.coefficient: 1.0 has no effect with model fixed"),
            ({"commission_rate": 0.001, "commission": {"maker": 0, "taker": 0.0004}},
             "commission_rate: 0.001 has no effect beside commission.maker and commission.taker"),
            ({"perpetual": {"funding": False, "missing_funding": "zero"}},
             "perpetual.missing_funding: 'zero' has no effect with funding false"),
            ({"perpetual": {"mark_price": False, "stop_trigger": "mark"}},
             "perpetual.stop_trigger: mark — allowed: last with mark_price false"),
            ({"perpetual": {"maintenance_rate": 0.01, "tiers": [{"notional_cap": 9, "maintenance_rate": 0.1}]}},
             "perpetual.maintenance_rate: 0.01 has no effect beside tiers"),
            ({"exits": {"break_even_after": 1}}, "exits.break_even_after: 1 — allowed: the number of a rung of ladder, "
             "which has 0, or null"),
            ({"exits": {"ladder": [{"fraction": 0.4, "distance": 1}, {"fraction": 0.6, "distance": 2}],
                        "break_even_after": 2}}, "exits.break_even_after: 2 is the rung that closes all"),
        )  # fmt: skip
        for execution, words in cases:
            with self.subTest(execution=execution):
                (line,) = self.wrong(**execution)
                self.assertTrue(line.startswith(f"live.yaml: execution.{words}"), line)

    def test_defaults_written_out_are_no_problem(self) -> None:
        plain = self.load()
        self.assertEqual(plain.settings_sha256, self.load(**plain.resolved()["live"]["execution"]).settings_sha256)

    def test_one_rate_beside_the_two_is_kept_where_they_agree(self) -> None:
        self.load(commission_rate=0.0004, commission={"maker": 0, "taker": 0.0004})
        self.load(commission_rate=0.0004, commission={"maker": 0})
        self.load(commission_rate=0.0004, commission={"taker": 0})


class Ladder(VenueChecks):
    def test_fractions_add_up_to_at_most_one_and_distances_rise(self) -> None:
        def ladder(*rungs: tuple[float, float]) -> Values:
            return {"ladder": [{"fraction": fraction, "distance": distance} for fraction, distance in rungs]}

        self.load(exits=ladder((0.1, 1), (0.2, 2), (0.7, 3)))
        self.load(exits=ladder((1 / 3, 1), (1 / 3, 2), (1 / 3, 3)))
        for exits, line in (
            (ladder((0.5, 1), (0.51, 2)), "exits.ladder: fractions add up to 1.01 — allowed: at most 1 in all"),
            (ladder((0.5, 2), (0.3, 2)), "exits.ladder[1].distance: 2.0 — allowed: above the one before (2.0)"),
            (ladder(*((0.05, at) for at in range(1, 12))),
             "exits.ladder: a list of 11 — allowed: a list of at most 10 rungs, each with fraction and distance"),
        ):  # fmt: skip
            self.assertEqual([f"live.yaml: execution.{line}"], self.wrong(exits=exits))


class Contracts(VenueChecks):
    def test_spellings_that_say_what_they_name(self) -> None:
        for spelling, kind in {
            "BTC/USDT": "spot", "BTCUSDT": "spot", "btc-usdt": "spot", "BTC:USDT": "spot", "BTCUSDTUSDT": "spot",
            "BTC/USDT:": "spot", "A:": "spot", ":A": "spot", "USDT:USDT": "spot", "BTC/USDT:USDT": "perpetual",
            "btc-usdt:usdt": "perpetual", "BTCUSDT:USDT": "perpetual", "BTC/USDC:USDC": "perpetual",
            "BTC/USD:BTC": "other settlement", "BTCUSD:BTC": "other settlement", "BTC/USDT:USDT-250627": "dated",
            "BTC/USD:BTC-250627": "dated", "BTC/USDT:USDT-250627-60000-C": "dated",
        }.items():  # fmt: skip
            self.assertEqual(kind, kind_of(spelling), spelling)

    def test_a_perpetual_contract_is_not_traded_as_spot(self) -> None:
        symbols = {"symbols": ["ETH/USDT", "BTC/USDT:USDT"]}
        (line,) = self.wrong(symbols)
        self.assertEqual(
            "live.yaml: symbols[1]: 'BTC/USDT:USDT' is a perpetual contract — allowed: with the section "
            "execution.perpetual, which brings its margin and funding (leverage: 1 borrows nothing)",
            line,
        )
        self.assertEqual(1, len(self.wrong(symbols, perpetual=None)))
        self.assertIsNotNone(self.load(symbols, perpetual={}).live.execution.perpetual)

    def test_other_contracts_are_not_traded_at_all(self) -> None:
        for symbol, words in (
            ("BTC/USDT:USDT-250627", "is a contract with a date — allowed: spot symbols and perpetual contracts"),
            ("BTC/USD:BTC", "is not settled in its quote currency — allowed: contracts settled in it"),
        ):
            for execution in ({}, {"perpetual": {}}):
                (line,) = self.wrong({"symbols": [symbol]}, **execution)
                self.assertTrue(line.startswith(f"live.yaml: symbols[0]: {symbol!r} {words}"), line)

    def test_an_exchange_that_has_only_perpetuals_needs_their_section(self) -> None:
        for spelling, name in (("kraken_futures", "krakenfutures"), ("binanceusdm", "binanceusdm")):
            (line,) = self.wrong({"exchange": spelling})
            self.assertTrue(
                line.startswith(f"live.yaml: exchange: {name} has only perpetual contracts — allowed: with "), line
            )
            self.assertEqual(name, self.load({"exchange": spelling}, perpetual={}).live.exchange)
        self.load({"exchange": "binance"})

    def test_the_exchanges_with_only_perpetuals_are_those_of_the_pinned_ccxt(self) -> None:
        import ccxt

        from market_data.exchanges.exchange_names import known_exchanges

        known = set(known_exchanges())
        offers = {name: getattr(ccxt, name)().has for name in ccxt.exchanges if name in known}
        self.assertEqual(PERPETUALS_ONLY, {name for name, has in offers.items() if has["swap"] and not has["spot"]})

    def test_leverages_name_configured_symbols_in_any_spelling(self) -> None:
        symbols = {"symbols": ["BTC/USDT:USDT", "eth-usdt", "SOLUSDT"]}
        written = {"SOL/USDT:USDT": 4, "ETHUSDT": 3, "btcusdt": 2}
        settings = self.load(symbols, perpetual={"leverages": written, "leverage": 9})
        perpetual = settings.live.execution.perpetual
        self.assertEqual(
            [("BTC/USDT:USDT", 2.0), ("eth-usdt", 3.0), ("SOLUSDT", 4.0)], list(perpetual.leverages.items())
        )
        self.assertEqual([2.0, 3.0, 4.0], [perpetual.leverage_of(symbol) for symbol in settings.live.symbols])
        self.assertEqual(9.0, perpetual.leverage_of("XRP/USDT"))

    def test_leverages_of_other_symbols_and_repeated_ones_are_refused(self) -> None:
        self.assertEqual(
            [
                "live.yaml: execution.perpetual.leverages.ETHUSDC: is no configured symbol (did you mean ETH/USDT?) — "
                "allowed: each of BTC/USDT, ETH/USDT once",
                "live.yaml: execution.perpetual.leverages.btc-usdt: is 'BTCUSDT' again — allowed: each of BTC/USDT, "
                "ETH/USDT once",
            ],
            self.wrong(perpetual={"leverages": {"BTCUSDT": 2, "ETHUSDC": 2, "btc-usdt": 3}}),
        )
        both = {"symbols": ["BTC-USDT", "BTC/USDT:USDT"]}
        self.load(both, perpetual={"leverages": {"BTCUSDT": 2, "BTCUSDTUSDT": 3}})

    def test_a_run_of_fewer_symbols_leaves_the_leverages_of_the_others_out(self) -> None:
        path = write_config(
            self.base, {**self.live, "execution": {"perpetual": {"leverages": {"ethusdt": 3, "BTCUSDT": 2}}}}
        )
        for symbols, leverages in (
            (["BTCUSDT"], {"BTCUSDT": 2.0}),
            ("ETH/USDT", {"ETH/USDT": 3.0}),
            (["SOL/USDT"], {}),
            (["SOL/USDT", "ETH-USDT"], {"ETH-USDT": 3.0}),
        ):
            settings = load_settings(path, symbols=symbols)
            self.assertEqual(leverages, settings.live.execution.perpetual.leverages)
        path.write_text(path.read_text().replace("ethusdt", "XRPUSDT"))
        with self.assertRaisesRegex(ConfigValidationError, "leverages.XRPUSDT: is no configured symbol"):
            load_settings(path, symbols=["BTCUSDT"])

    def test_a_leverage_is_one_that_a_position_survives(self) -> None:
        tiers = [{"notional_cap": 1000, "maintenance_rate": 0.01, "max_leverage": 20}]
        for perpetual, line in (
            ({"leverage": 200}, "leverage: 200.0 — allowed: below 200 (1 ÷ maintenance_rate 0.005)"),
            ({"leverage": 2, "leverages": {"BTC/USDT": 50}, "maintenance_rate": 0.02},
             "leverages.BTC/USDT: 50.0 — allowed: below 50 (1 ÷ maintenance_rate 0.02)"),
            ({"leverage": 100, "liquidation_fee": 0.0125},
             "leverage: 100.0 — allowed: below 80 (1 ÷ liquidation_fee 0.0125)"),
            ({"leverage": 100, "tiers": tiers},
             "leverage: 100.0 — allowed: below 100 (1 ÷ tiers[0].maintenance_rate 0.01)"),
            ({"leverage": 21, "tiers": tiers}, "leverage: 21.0 — allowed: at most 20.0, max_leverage of tiers[0]"),
        ):  # fmt: skip
            with self.subTest(perpetual=perpetual):
                self.assertEqual([f"live.yaml: execution.perpetual.{line}"], self.wrong(perpetual=perpetual))
        self.load(perpetual={"leverage": 199.9})
        self.load(perpetual={"leverage": 20, "tiers": tiers})


class Exposure(VenueChecks):
    def test_exposure_above_equity_is_borrowed_with_leverage_only(self) -> None:
        self.load(None, {"max_exposure": 1}, {"max_exposure_pct": 1})
        words = "allowed: at most 1 without leverage (section execution.perpetual of live.yaml)"
        self.assertEqual(
            [f"risk.json: max_exposure: 2.0 — {words}", f"trading_mode.yaml: max_exposure_pct: 3.0 — {words}"],
            [
                line.replace(f"{self.base}/config/", "")
                for line in self.wrong(None, {"max_exposure": 2}, {"max_exposure_pct": 3})
            ],
        )
        self.assertEqual(2, len(self.wrong(None, {"max_exposure": 2}, {"max_exposure_pct": 3}, perpetual={})))
        self.load(None, {"max_exposure": 2}, {"max_exposure_pct": 3}, perpetual={"leverage": 3})

    def test_the_largest_leverage_of_the_traded_symbols_is_the_bound(self) -> None:
        perpetual = {"leverage": 2, "leverages": {"ETHUSDT": 10}}
        self.load(None, {"max_exposure": 10}, {"max_exposure_pct": 10}, perpetual=perpetual)
        (line,) = self.wrong(None, {}, {"max_exposure_pct": 10.5}, perpetual=perpetual)
        self.assertEqual(
            "trading_mode.yaml: max_exposure_pct: 10.5 — allowed: at most 10.0, the largest leverage in "
            "execution.perpetual of live.yaml",
            line,
        )
        both = {"leverage": 20, "leverages": {"BTCUSDT": 2, "ETHUSDT": 3}}
        self.assertEqual(1, len(self.wrong(None, {}, {"max_exposure_pct": 4}, perpetual=both)))

    def test_one_position_stays_within_all_of_them(self) -> None:
        (line,) = self.wrong(None, {"max_exposure": 3}, {"max_exposure_pct": 2}, perpetual={"leverage": 5})
        self.assertEqual(
            "risk.json: max_exposure: 3.0 — allowed: at most max_exposure_pct of trading_mode.yaml (2.0)", line
        )

    def test_what_is_read_back_from_json_is_the_same(self) -> None:
        settings = self.load(None, {"max_exposure": 2}, {"max_exposure_pct": 3}, perpetual={"leverage": 3})
        self.assertEqual(3.0, json.loads(json.dumps(settings.resolved()))["trading_mode"]["max_exposure_pct"])


if __name__ == "__main__":
    unittest.main()
