"""After ``forgets_after`` candles the value is that of a form that has seen everything."""

import unittest

import numpy as np

import indicators as ind
from indicators import NEVER
from indicators.forms.nodes import Recursion, in_order
from tests.support.indicator_examples import EXAMPLES
from tests.support.market_data_sets import practice_columns
from tests.support.scale import scaled

RESIDUAL = 1e-6


class ForgettingTest(unittest.TestCase):
    def test_where_the_start_was_makes_no_difference_after_it(self) -> None:
        candles = practice_columns("BTC/USDT", "1m", 12_000)
        for name, make in EXAMPLES.items():
            for numbers in ((14, 9, 5), (9, 4, 3)):
                indicator = make(*numbers)
                length = indicator.forgets_after
                if length >= NEVER or indicator.forgets_after_ms:
                    continue
                exact = not any(
                    isinstance(node, Recursion) and node.settles > 1 for node in in_order(indicator.nodes())
                )
                whole = indicator.columns(candles)
                for start in range(1_000, 9_000, scaled(800, 50)):
                    stop = start + length + 200
                    late = indicator.columns(candles.slice(start, stop))
                    for output, column in late.items():
                        early = whole[output][start + length - 1 : stop]
                        size = 0.0 if exact else float(np.nanmax(np.abs(whole[output])))
                        np.testing.assert_allclose(column[length - 1 :], early, 0.0, RESIDUAL * size, err_msg=name)

    def test_the_lengths_by_hand(self) -> None:
        # ln(1e-6) = -13.8155. EMA(9): ln(0.8) = -0.22314 -> 62 after the 9th. Wilder's 14: ln(13/14) = -0.07411 -> 187.
        self.assertEqual(9 + 62, ind.EMA(9).forgets_after)
        self.assertEqual(15 + 187, ind.RSI(14).forgets_after)
        self.assertEqual(15 + 187, ind.ATR(14).forgets_after)
        self.assertEqual(50, ind.SMA(50).forgets_after)
        self.assertEqual(11, ind.Shift(10).forgets_after)
        # The chain: the inner one's 202 and 70 more.
        self.assertEqual(202 + 8 + 62, ind.EMA(9, of=ind.RSI(14)).forgets_after)
        self.assertEqual(20, ind.BollingerBands(20).forgets_after)

    def test_what_never_forgets_says_so_and_says_it_through_others(self) -> None:
        self.assertGreaterEqual(ind.OBV().forgets_after, NEVER)
        self.assertGreaterEqual(ind.EMA(9, of=ind.OBV()).forgets_after, NEVER)
        self.assertEqual(21, ind.OBV(20).forgets_after)

    def test_the_session_forgets_at_midnight(self) -> None:
        self.assertEqual((1, 86_400_000), (ind.SessionVWAP().forgets_after, ind.SessionVWAP().forgets_after_ms))
        self.assertEqual(86_400_000, ind.ZScore(20, of=ind.SessionVWAP()).forgets_after_ms)
        candles = practice_columns("BTC/USDT", "15m", 96 * 4)
        whole = ind.SessionVWAP().columns(candles)["value"]
        late = ind.SessionVWAP().columns(candles.slice(50, 96 * 4))["value"]
        midnight = int(np.argmax(candles.open_time_ms % 86_400_000 == 0)) or 96
        self.assertEqual(whole[midnight:].tobytes(), late[midnight - 50 :].tobytes())


if __name__ == "__main__":
    unittest.main()
