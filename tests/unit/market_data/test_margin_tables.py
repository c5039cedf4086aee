"""Margin tables from files: their forms, their arithmetic, what is refused, and how long they stay in force."""

import json
import tempfile
import unittest
from decimal import Decimal
from pathlib import Path

from core.errors import ConfigurationError
from core.instrument import Instrument, MarginTier
from market_data import CandleStore, InstrumentStore
from market_data.files.candle_import import import_files
from market_data.instruments.instrument_store import IMPORTED_TABLE, INFERRED
from market_data.instruments.margin_tables import import_tiers, read_tiers
from market_data.instruments.market_list import MarketList
from tests.support.candle_tables import APRIL, candles_at
from tests.support.exchanges.loopback import practice_columns
from tests.support.exchanges.memory_exchange import MemoryExchange


def tier(cap: str, rate: str, amount: str, leverage: str) -> MarginTier:
    return MarginTier(Decimal(cap), Decimal(rate), Decimal(amount), Decimal(leverage))


# The amounts are what makes the maintenance margin continuous from tier to tier:
# 50 = 0 + 50,000 × (0.005 − 0.004); 1,300 = 50 + 250,000 × (0.01 − 0.005).
TIERS = (
    tier("50000", "0.004", "0", "125"),
    tier("250000", "0.005", "50", "100"),
    tier("1000000", "0.01", "1300", "50"),
)


class TableCase(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = Path(folder.name) / "tiers.json"
        self.store = CandleStore(Path(folder.name) / "data")
        self.instruments = InstrumentStore(self.store.root)

    def write(self, content: object) -> Path:
        self.file.write_text(content if isinstance(content, str) else json.dumps(content))
        return self.file

    def ours(self, *, amounts: bool = True, symbol: str = "BTC/USDT") -> Path:
        names = ("notional_cap", "maintenance_rate", "maintenance_amount", "max_leverage")
        rows = [{name: str(getattr(one, name)) for name in names} for one in TIERS]
        return self.write({symbol: rows if amounts else [{**row, "maintenance_amount": None} for row in rows]})


class Forms(TableCase):
    def test_our_names_binances_brackets_and_ccxts_tiers_say_the_same(self) -> None:
        binance = [
            {
                "bracket": 3,
                "initialLeverage": 50,
                "notionalCap": 1000000,
                "notionalFloor": 250000,
                "maintMarginRatio": 0.01,
                "cum": 1300.0,
            },
            {
                "bracket": 1,
                "initialLeverage": 125,
                "notionalCap": 50000,
                "notionalFloor": 0,
                "maintMarginRatio": 0.004,
                "cum": 0.0,
            },
            {
                "bracket": 2,
                "initialLeverage": 100,
                "notionalCap": 250000,
                "notionalFloor": 50000,
                "maintMarginRatio": 0.005,
                "cum": 50.0,
            },
        ]
        ccxt = [
            {
                "tier": 1.0,
                "currency": "USDT",
                "minNotional": 0.0,
                "maxNotional": row["notionalCap"],
                "maintenanceMarginRate": row["maintMarginRatio"],
                "maxLeverage": float(row["initialLeverage"]),
                "info": row,
            }
            for row in binance
        ]
        for path in (
            self.ours,
            lambda: self.ours(amounts=False),
            lambda: self.write([{"symbol": "BTCUSDT", "brackets": binance}]),
            lambda: self.write({"BTC/USDT:USDT": ccxt}),
        ):
            (tiers,) = read_tiers(path()).values()
            self.assertEqual(tiers, TIERS)

    def test_a_table_that_cannot_be_is_refused_with_symbol_tier_and_value(self) -> None:
        good = {"notional_cap": 5, "maintenance_rate": 0.01, "max_leverage": 10}
        for content, said in (
            ("{", "is no JSON"),
            ({}, "is no margin table"),
            ([1], "is no margin table"),
            ({"A": []}, "A: has no list of tiers"),
            (
                {"A": [{**good, "notional_cap": 0}]},
                "A, tier 1: notional_cap or notionalCap or maxNotional is 0; allowed: a number above 0",
            ),
            (
                {"A": [good, {**good, "notional_cap": 9, "maintenance_rate": 1}]},
                "tier 2: maintenance_rate .* is 1; allowed: .* below 1",
            ),
            ({"A": [{**good, "max_leverage": "much"}]}, "max_leverage .* is 'much'"),
            ({"A": [{**good, "max_leverage": None}]}, "max_leverage .* is None"),
            ({"A": [{**good, "maintenance_amount": "NaN"}]}, "maintenance_amount .* is 'NaN'"),
            ({"A": [good, good]}, "two tiers end at 5"),
            (
                {"A": [good, {**good, "notional_cap": 9, "maintenance_rate": "0.009"}]},
                r"A, tier up to 9: maintenance rate 0\.009; allowed: at least that of the tier below \(0\.01\)",
            ),
            (
                {"A": [good, {**good, "notional_cap": 9, "max_leverage": 20}]},
                r"A, tier up to 9: highest leverage 20; allowed: at most that of the tier below \(10\)",
            ),
            ({"A": [{**good, "maintenance_amount": 1}]}, "tier up to 5: maintenance amount 1; allowed: 0 to 0"),
            (
                {"A": [good, {**good, "notional_cap": 9, "maintenance_amount": -1}]},
                "tier up to 9: maintenance amount -1; allowed: 0 to 0.05",
            ),
        ):
            with self.subTest(said), self.assertRaisesRegex(ConfigurationError, said):
                read_tiers(self.write(content))
        with self.assertRaisesRegex(ConfigurationError, "cannot be read"):
            read_tiers(self.file.with_name("none.json"))


class InForce(TableCase):
    def test_a_table_stands_beside_the_rules_and_outlasts_the_market_lists_after_it(self) -> None:
        listed = Instrument("BTC/USDT", tick_size=Decimal("0.1"), source="market list")
        self.instruments.save("e", {"BTC/USDT": listed}, 10)
        imported = import_tiers(self.store, self.ours(), exchange="e", as_of_ms=20)
        self.assertEqual((imported.stored, imported.ignored), ({"BTC/USDT": 3}, 0))
        self.instruments.save(
            "e", {"BTC/USDT": Instrument("BTC/USDT", tick_size=Decimal("0.2"), source="market list")}, 30
        )
        for time_ms, tick in ((5, "0.1"), (15, "0.1"), (25, "0.1"), (35, "0.2")):
            rules = self.instruments.at("e", time_ms)["BTC/USDT"]
            self.assertEqual((rules.tick_size, rules.margin_tiers), (Decimal(tick), TIERS), time_ms)

    def test_a_later_table_takes_the_place_of_an_earlier_one_from_its_date_on(self) -> None:
        self.store.write("e", "BTC/USDT", "1m", candles_at([APRIL]), source="test")
        import_tiers(self.store, self.ours(), exchange="e", as_of_ms=20)
        other = {"notional_cap": 7, "maintenance_rate": "0.5", "max_leverage": 2}
        import_tiers(self.store, self.write({"btcusdt": [other]}), exchange="e", as_of_ms=40)
        self.assertEqual(self.instruments.at("e", 39)["BTC/USDT"].margin_tiers, TIERS)
        self.assertEqual(self.instruments.at("e", 40)["BTC/USDT"].margin_tiers, (tier("7", "0.5", "0", "2"),))
        self.instruments.save("e", {"BTC/USDT": Instrument("BTC/USDT", source="market list")}, 50)
        self.assertEqual(self.instruments.latest("e")["BTC/USDT"].margin_tiers, (tier("7", "0.5", "0", "2"),))

    def test_rules_inferred_from_prices_stay_inferred(self) -> None:
        rules = Instrument("BTC/USDT", tick_size=Decimal("0.1"), lot_size=Decimal("0.01"), source=INFERRED)
        self.instruments.save("e", {"BTC/USDT": rules}, 10)
        import_tiers(self.store, self.ours(), exchange="e", as_of_ms=5)
        found = self.instruments.latest("e")["BTC/USDT"]
        self.assertEqual((found.tick_size, found.source, found.margin_tiers), (Decimal("0.1"), INFERRED, TIERS))

    def test_a_market_list_that_says_the_same_is_not_stored_again_for_want_of_a_table(self) -> None:
        exchange = MemoryExchange({"BTC/USDT": practice_columns("BTC/USDT", 5)}, 100)
        markets = MarketList("binanceus", self.store, self.instruments)
        markets.refresh(exchange)
        import_tiers(self.store, self.ours(), exchange="binanceus", as_of_ms=110)
        exchange.now_ms = 200
        MarketList("binanceus", self.store, self.instruments).refresh(exchange)
        self.assertEqual(self.instruments.snapshots("binanceus"), [100, 110])

    def test_tables_of_symbols_that_are_not_known_are_left_out_and_counted(self) -> None:
        self.store.write("e", "ETH/USDT", "1m", candles_at([APRIL]), source="test")
        with self.assertRaisesRegex(ConfigurationError, "none of its 1 symbols is known for e"):
            import_tiers(self.store, self.ours(), exchange="e", as_of_ms=20)
        one = [{"notional_cap": 7, "maintenance_rate": "0.5", "max_leverage": 2}]
        imported = import_tiers(self.store, self.write({"ETHUSDT": one, "BTCUSDT": one}), exchange="e", as_of_ms=20)
        self.assertEqual((imported.stored, imported.ignored), ({"ETH/USDT": 1}, 1))

    def test_tables_funding_and_candles_may_come_in_any_order(self) -> None:
        folder = self.file.parent / "BTC-USDT"
        folder.mkdir()
        (folder / "funding.csv").write_text("timestamp,rate\n1711929600000,0.0001\n1711958400000,0.0001\n")
        (folder / "1m.csv").write_text("timestamp,open,high,low,close,volume\n1711929600000,1.5,1.5,1.5,1.5,0.25\n")
        for number, order in enumerate((("funding", "table", "1m"), ("1m", "table", "funding"), ("1m", "table"))):
            store = CandleStore(self.file.parent / str(number))
            for step in order:
                if step == "table":
                    import_tiers(store, self.ours(), exchange="e", as_of_ms=20)
                else:
                    import_files(store, [folder / f"{step}.csv"], exchange="e")
            rules = InstrumentStore(store.root).latest("e")["BTC/USDT"]
            with self.subTest(order):
                # The tick is at most a ten-thousandth of the price of 1.5; the lot is that of the printed volume.
                self.assertEqual((Decimal("0.1"), Decimal("0.01")), (rules.tick_size, rules.lot_size))
                self.assertEqual((INFERRED, TIERS), (rules.source, rules.margin_tiers))

    def test_a_later_table_comes_into_force_in_a_window_beside_inferred_rules(self) -> None:
        self.instruments.save("e", {"BTC/USDT": Instrument("BTC/USDT", Decimal("0.1"), source=INFERRED)}, 10)
        import_tiers(self.store, self.ours(), exchange="e", as_of_ms=20)
        other = {"notional_cap": 7, "maintenance_rate": "0.5", "max_leverage": 2}
        import_tiers(self.store, self.write({"btcusdt": [other]}), exchange="e", as_of_ms=40)
        (change,) = self.instruments.changes("e", 30, 50)["BTC/USDT"]
        self.assertEqual((40, IMPORTED_TABLE, 40), (change.as_of_ms, change.tiers_source, change.tiers_as_of_ms))
        self.assertEqual((Decimal("0.1"), (tier("7", "0.5", "0", "2"),)), (change.tick_size, change.margin_tiers))
        self.assertEqual({}, self.instruments.changes("e", 40, 50))
        at_start = self.instruments.at("e", 30)["BTC/USDT"]
        self.assertEqual((10, INFERRED, 20), (at_start.as_of_ms, at_start.source, at_start.tiers_as_of_ms))


if __name__ == "__main__":
    unittest.main()
