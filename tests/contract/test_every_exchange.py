"""Every candle feed, perpetual source and history adapter there is runs through its contract suite, every parser too.

A case of a suite names what it tests as ``implementation``.
"""

import inspect
import unittest

from market_data.exchange_adapter import ExchangeAdapter
from market_data.exchanges.exchange_description import described
from market_data.exchanges.parsers.exchange_candle import ExchangeCandle, Reading
from market_data.feeds.candle_feed import CandleFeed
from market_data.feeds.perpetual_source import PerpetualSource
from tests.contract import test_candle_feeds, test_exchange_adapters, test_perpetual_sources
from tests.support.discovery import implementations, modules_of
from tests.unit.market_data.feeds.test_parsers import EXAMPLES

SUITES = (
    (CandleFeed, test_candle_feeds, test_candle_feeds.CandleFeedContract),
    (PerpetualSource, test_perpetual_sources, test_perpetual_sources.PerpetualSourceContract),
    (ExchangeAdapter, test_exchange_adapters, test_exchange_adapters.AdapterContract),
)


class EveryExchange(unittest.TestCase):
    def test_whatever_implements_a_protocol_is_in_its_suite(self) -> None:
        for protocol, module, contract in SUITES:
            cases = [one for one in vars(module).values() if inspect.isclass(one) and issubclass(one, contract)]
            tested = {one.implementation for one in cases if hasattr(one, "implementation")}
            there = {
                one for package in ("market_data", "practice", "live") for one in implementations(protocol, package)
            }
            self.assertEqual(there, tested, protocol)

    def test_whatever_reads_websocket_frames_has_an_example_that_the_damaging_tests_damage(self) -> None:
        parsers = {
            one
            for module in modules_of("market_data.exchanges.parsers")
            for name, one in vars(module).items()
            if inspect.isfunction(one) and one.__module__ == module.__name__ and not name.startswith("_")
            # What ``frame_parser`` makes shows the annotations of what it was made from.
            if inspect.signature(one).return_annotation in (Reading, list[ExchangeCandle])
            if len(inspect.signature(one).parameters) == 1
        }
        self.assertEqual(parsers, {described(name).parse_frame for name in EXAMPLES})


if __name__ == "__main__":
    unittest.main()
