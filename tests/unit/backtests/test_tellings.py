import unittest

from backtests.player.tellings import Tellings


class Clock:
    """A time that passes where it is told to."""

    def __init__(self) -> None:
        self.now = 5.0

    def __call__(self) -> float:
        return self.now


class Told(unittest.TestCase):
    def told(self, costs: list[float], *, every: float = 0.001, seconds: float = 10.0, leisure: bool = False) -> float:
        """Return how many tellings a second there are, of costs in turn, and note what they take of the time."""
        clock, told = Clock(), 0
        tellings = Tellings(clock)

        def tell(_: int) -> None:
            nonlocal told
            clock.now += costs[told % len(costs)]
            told += 1

        tellings.add(tell, lambda points: (points, points), every)
        begun = clock.now
        while clock.now - begun < seconds:
            clock.now += 0.00005  # What the run does between two looks at the clock.
            if tellings.are_due():
                tellings.tell_those_due(at_leisure=leisure)
        self.taken = sum(costs[one % len(costs)] for one in range(told)) / (clock.now - begun)
        return told / (clock.now - begun)

    def test_a_telling_that_costs_less_than_a_tenth_comes_as_often_as_it_is_wanted(self) -> None:
        self.assertAlmostEqual(1_000.0, self.told([0.00005]), delta=20.0)

    def test_single_ones_that_take_longer_are_made_up_for_by_the_others(self) -> None:
        self.assertAlmostEqual(1_000.0, self.told([0.00003] * 49 + [0.001]), delta=40.0)
        self.assertLess(self.taken, 1 / 11)

    def test_a_slow_listener_takes_a_tenth_of_the_runs_time_and_no_more(self) -> None:
        for cost in (0.0004, 0.02):
            with self.subTest(cost=cost):
                self.told([cost])
                # Of the second before the beginning nothing was earned: of it nothing is spent.
                self.assertLess(self.taken, 1 / 11 + cost / 10.0)
                self.assertGreater(self.taken, 0.9 / 11)

    def test_what_was_saved_in_long_peace_is_a_seconds_share(self) -> None:
        costs = [0.0] * 3_000 + [0.01] * 1_000
        self.told(costs, seconds=4.0)
        saved, slow = 1.0 / 11, 1.0 / 11
        self.assertAlmostEqual((saved + slow) / 4.0, self.taken, delta=0.01)

    def test_at_leisure_nothing_is_spared(self) -> None:
        self.assertAlmostEqual(1 / 0.02005, self.told([0.02], leisure=True), delta=1.0)


if __name__ == "__main__":
    unittest.main()
