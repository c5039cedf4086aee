"""Errors that go from one process to another arrive with their lines and as what they are."""

import pickle
import unittest

from core.errors import ConfigurationError, FeedError, InvariantError
from dashboard.problems import Refused, status_of
from dashboard.sendable import sendable
from market_data.history.missing_candles import MissingCandlesError
from market_data.perpetual.perpetual_facts import MissingFundingError


class Sendable(unittest.TestCase):
    def test_an_error_arrives_with_its_lines_whatever_it_was_made_of(self) -> None:
        for error in (
            ConfigurationError("symbols[1]: again", "symbols[2]: again\nand more"),
            MissingFundingError("binance-perp", "BTC/USDT", "8h", [(0, 1)]),
            MissingCandlesError("binance", "1m", {"BTC/USDT": [(0, 60_000)]}, "no answer"),
            FeedError("out of reach", symbol="BTC/USDT"),
            Refused("not now"),
        ):
            sent = pickle.loads(pickle.dumps(sendable(error)))
            self.assertEqual((str(error), status_of(error)), (str(sent), status_of(sent)))

    def test_what_is_no_error_of_the_program_arrives_as_a_defect_in_one_line(self) -> None:
        sent = pickle.loads(pickle.dumps(sendable(ValueError("odd\nindeed"))))
        self.assertEqual((InvariantError, "ValueError: odd indeed"), (type(sent), str(sent)))
