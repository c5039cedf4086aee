"""Position size: the least of three caps, by hand and against fractions."""

import unittest
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from risk_management.position_size import bounded_size
from tests.support.scale import scaled

MONEY = st.floats(1.0, 1e9)
SHARES = st.floats(1e-4, 1.0)


class PositionSize(unittest.TestCase):
    def test_each_cap_by_hand(self) -> None:
        # By risk: 10,000 x 0.01 / 4 = 25; by exposure: 10,000 x 0.5 / 100 = 50; by room: 1,000 / 100 = 10.
        self.assertEqual((25.0, "risk"), bounded_size(10_000.0, 100.0, 4.0, 0.01))
        self.assertEqual((25.0, "risk"), bounded_size(10_000.0, 100.0, 4.0, 0.01, 0.5))
        self.assertEqual((5.0, "position_cap"), bounded_size(10_000.0, 100.0, 4.0, 0.01, 0.05))
        self.assertEqual((25.0, "risk"), bounded_size(10_000.0, 100.0, 4.0, 0.01, 0.5, 1e6))
        self.assertEqual((10.0, "exposure_room"), bounded_size(10_000.0, 100.0, 4.0, 0.01, 0.5, 1_000.0))
        self.assertEqual((10.0, "exposure_room"), bounded_size(10_000.0, 100.0, 4.0, 0.01, None, 1_000.0))
        self.assertEqual((10.0, "position_cap"), bounded_size(1e4, 100.0, 4.0, 0.01, 0.5, 1_000.0, "position_cap"))

    def test_of_bounds_that_come_to_one_size_the_first_is_named(self) -> None:
        self.assertEqual((25.0, "risk"), bounded_size(10_000.0, 100.0, 4.0, 0.01, 0.25, 2_500.0))
        self.assertEqual((20.0, "position_cap"), bounded_size(10_000.0, 100.0, 4.0, 0.01, 0.2, 2_000.0))

    def test_no_room_is_no_size(self) -> None:
        self.assertEqual((0.0, "exposure_room"), bounded_size(10_000.0, 100.0, 4.0, 0.01, 0.5, 0.0))

    @settings(max_examples=scaled(200, 5_000), deadline=None)
    @given(MONEY, MONEY, MONEY, SHARES, st.none() | SHARES, st.none() | MONEY)
    def test_it_is_the_least_cap_and_breaks_none(
        self, equity: float, price: float, stop: float, risk: float, exposure: float | None, room: float | None
    ) -> None:
        found, bound = bounded_size(equity, price, stop, risk, exposure, room)
        caps = {"risk": Fraction(equity) * Fraction(risk) / Fraction(stop)}
        if exposure is not None:
            caps["position_cap"] = Fraction(equity) * Fraction(exposure) / Fraction(price)
        if room is not None:
            caps["exposure_room"] = Fraction(room) / Fraction(price)
        least = min(caps.values())
        for value in (Fraction(found), caps[bound]):
            self.assertLessEqual(abs(value - least), least * Fraction(1, 10**15))


if __name__ == "__main__":
    unittest.main()
