"""Recommendations on synthetic histories: what is true is found, and where nothing is true nothing is said."""

import itertools
import unittest
from pathlib import Path
from typing import Any, ClassVar
from unittest.mock import patch

import numpy as np

from core.errors import ConfigurationError
from core.time_range import TimeRange
from core.timeframe import DAY_MS
from metrics.equity_curve import DailyCloses
from research.recommendations.change import DailyReturns, apart
from research.recommendations.confidence import KindRecord
from research.recommendations.deciding import accept, reject
from research.recommendations.judged_claims import judged
from research.recommendations.point_claims import point_claims, point_evidence
from research.recommendations.recommending import Recommendations, recommend
from research.recommendations.reviewing import recalibrated, review
from research.recommendations.searched_windows import searched_windows
from research.recommendations.system_now import SystemNow
from runs.store.run_store import RunStore
from runs.store.store_rows import Recommendation
from systems.catalogue import read_system
from tests.support.histories import drawn_returns, windows_of, write_study
from tests.support.research_cases import SystemCase
from tests.support.system_files import write_system

GRID = {"ema_fast": "3..8", "sl_atr_multiple": "1,2,3"}
POINTS = [(fast, stop) for fast in range(3, 9) for stop in (1, 2, 3)]
NOW, BEST = (5, 2), (7, 3)
HISTORIES = 100


class HistoryCase(SystemCase):
    system: ClassVar[dict[str, Any]] = {"windows": {"first": "2024-01"}}

    def setUp(self) -> None:
        super().setUp()
        self.mine = self.now("mine")
        self.store = self.opened("runs")

    def now(self, system_id: str) -> SystemNow:
        return SystemNow(read_system(system_id, self.places.systems), self.places)

    def write_studies(
        self, seed: int, worth: Any = None, *, windows: Any = None, system: SystemNow | None = None, **changes: Any
    ) -> list[int]:
        """Write a study of each window; ``worth`` is what points earn more a day, or a function of the window."""
        found = []
        for number, window in enumerate(windows or windows_of(6)):
            more = worth(number) if callable(worth) else worth or {}
            days = window.length_ms // DAY_MS
            returns = drawn_returns([seed, number], days, POINTS, more)
            args = (self.store, system or self.mine, window, GRID, returns, returns[NOW])
            found.append(write_study(*args, **changes))
        return found

    def recommend(self, system: str | None = "mine") -> Recommendations:
        return recommend(system, store=self.store, places=self.places)


class KnownTruth(HistoryCase):
    def test_a_true_improvement_is_found_with_what_it_is_worth(self) -> None:
        studies = self.write_studies(1, {BEST: 0.004})
        found = self.recommend()
        [row] = found.rows
        key = "strategy.params."
        self.assertEqual({f"{key}ema_fast": 7, f"{key}sl_atr_multiple": 3}, row.params)
        self.assertEqual({f"{key}ema_fast": 5, f"{key}sl_atr_multiple": 2}, row.current)
        self.assertEqual(("pending", "parameters", "mine"), (row.status, row.kind, row.system))
        self.assertLess(row.expected_low, 0.004)
        self.assertGreater(row.expected_high, 0.004)
        self.assertGreater(row.expected_low, 0.0)
        self.assertGreater(row.confidence, 0.95)
        # The window of the search that chose it is no evidence; all others are.
        seen = [one["study"] for one in row.evidence["windows"]]
        chosen = int(row.evidence["because"].split()[-1])
        self.assertEqual(sorted(set(studies) - {chosen}), sorted(seen))
        for one in row.evidence["windows"]:
            self.assertEqual([POINTS.index(BEST), POINTS.index(NOW)], one["trials"])
        self.assertEqual([row], self.store.records(Recommendation))
        self.assertEqual([row], self.recommend().rows, "the same again is the same")

    def test_most_true_improvements_are_found_and_others_hardly_ever(self) -> None:
        found = others = 0
        for seed in range(20):
            store = self.store = self.opened(f"truth{seed}")
            self.write_studies(100 + seed, {BEST: 0.003})
            rows = recommend("mine", store=store, places=self.places).rows
            found += any(row.params["strategy.params.ema_fast"] == 7 for row in rows)
            others += any(row.params["strategy.params.ema_fast"] != 7 for row in rows)
        self.assertGreaterEqual(found, 16)
        self.assertLessEqual(others, 1)

    def test_where_nothing_is_worth_anything_nothing_is_recommended_beyond_the_stated_rate(self) -> None:
        """At most 5 of 100 histories; with half that chance on the better side, 100 have more than 6 in 1 of 100."""
        said = tested = 0
        for seed in range(HISTORIES):
            self.store = self.opened(f"noise{seed}")
            self.write_studies(1000 + seed)
            windows = searched_windows(self.store, self.mine.strategy)
            claims = point_claims(self.mine, windows)
            found = judged([point_evidence(one, self.mine, windows, {}) for one in claims])
            said += bool(found.standing)
            tested += len(found.findings)
        self.assertGreater(tested, 4 * HISTORIES, "enough was looked at to find something by chance")
        self.assertLessEqual(said, 6)

    def test_without_the_correction_noise_would_be_recommended(self) -> None:
        """What holds it down is the number of claims: each alone errs as often as it says, all together more often."""
        alone = together = 0
        for seed in range(30):
            self.store = self.opened(f"noise{seed}")
            self.write_studies(1000 + seed, windows=windows_of(12, 15))
            windows = searched_windows(self.store, self.mine.strategy)
            evidence = [point_evidence(one, self.mine, windows, {}) for one in point_claims(self.mine, windows)]
            alone += sum(bool(judged([one]).standing) for one in evidence)
            together += len(judged(evidence).standing)
        self.assertGreater(alone, together)

    def test_what_was_good_only_where_it_was_chosen_is_not_recommended(self) -> None:
        self.write_studies(2, lambda number: {BEST: 0.05} if number == 0 else {})
        found = self.recommend()
        self.assertEqual([], found.rows)
        claim = next(one.claim for one in found.tested if one.claim.recommended["strategy.params.ema_fast"] == 7)
        self.assertEqual(windows_of(6)[0], claim.searched)
        for one in found.tested:
            self.assertEqual(len(found.tested), one.tested)
            self.assertEqual(1.0 - min(1.0, one.tested * one.change.p_value), one.probability)
            self.assertEqual(1.0 - 0.05 / one.tested, one.level)

    def test_what_is_good_in_few_windows_does_not_hold_up(self) -> None:
        self.write_studies(3, lambda number: {BEST: 0.03 if number < 2 else -0.001})
        self.assertEqual([], self.recommend().rows)

    def test_what_fails_on_other_markets_does_not_hold_up(self) -> None:
        self.write_studies(1, {BEST: 0.004})
        write_system(self.folder, "other", overrides={"symbols": ["SOL/USDT"]})
        write_system(self.folder, "third", overrides={"timeframe": "1h"})
        for name in ("other", "third"):
            self.write_studies(9, {BEST: -0.01}, system=self.now(name))
        found = self.recommend()
        self.assertEqual([], found.rows)
        one = next(one for one in found.tested if one.claim.recommended.get("strategy.params.ema_fast") == 7)
        self.assertEqual("better on 0 of 2 other markets only", one.fails)
        self.assertEqual({"practice 15m SOL/USDT", "practice 1h BTC/USDT ETH/USDT"}, {p.market for p in one.elsewhere})


class OutOfSample(HistoryCase):
    def test_ranges_that_overlap_count_once(self) -> None:
        day = DAY_MS
        wide, narrow, later = TimeRange(0, 9 * day), TimeRange(3 * day, 5 * day), TimeRange(5 * day, 8 * day)
        self.assertEqual([narrow, later], apart([wide, later, narrow, narrow]))
        # Rolling searches of 30 days, each 10 days on: every third is apart.
        rolling = [TimeRange((19_700 + 10 * n) * day, (19_730 + 10 * n) * day) for n in range(16)]
        self.write_studies(1, {BEST: 0.004}, windows=rolling)
        [row] = self.recommend().rows
        seen = sorted(one["window"]["start_ms"] for one in row.evidence["windows"])
        self.assertTrue(all(b - a >= 30 * day for a, b in itertools.pairwise(seen)))
        self.assertEqual(30 * len(seen), row.evidence["days"])

    def test_studies_of_other_settings_or_of_another_strategy_are_no_evidence(self) -> None:
        self.write_studies(1, {BEST: 0.004}, settings_sha256="other")
        self.assertEqual([], self.recommend().tested)
        with patch.object(SystemNow, "mark", return_value="as it was before"):
            self.write_studies(1, {BEST: 0.004})
        found = self.recommend()
        self.assertEqual(([], []), (found.rows, found.tested))

    def test_unfinished_studies_and_those_of_two_points_choose_nothing(self) -> None:
        self.write_studies(1, {BEST: 0.004}, status="PARTIAL")
        self.assertEqual([], self.recommend().untested[2:])  # Two symbols without a run.

    def test_a_point_that_is_seen_in_one_window_is_not_tested(self) -> None:
        self.write_studies(1, {BEST: 0.004}, windows=windows_of(2))
        found = self.recommend()
        self.assertEqual([], found.tested)
        self.assertIn("seen in 1 windows out of sample; it needs 2", [why for _, why in found.untested])

    def test_an_account_that_is_gone_earns_nothing_more(self) -> None:
        found = DailyReturns.of(DailyCloses(5, 100.0, np.array([110.0, -5.0, -5.0, 3.0])))
        np.testing.assert_allclose(found.returns, [0.1, -1.0 - 5.0 / 110.0, 0.0, 0.0])


class Decided(HistoryCase):
    def setUp(self) -> None:
        super().setUp()
        self.write_studies(1, {BEST: 0.004})
        [self.row] = self.recommend().rows

    def test_accepting_writes_a_version_and_leaves_the_system_as_it_is(self) -> None:
        file = self.folder / "config" / "systems" / "mine.yaml"
        before = file.read_bytes()
        row = accept(self.row.id, self.store, self.places, "looks right")
        self.assertEqual(("accepted", "mine-r1", "looks right"), (row.status, row.version, row.note))
        self.assertEqual(before, file.read_bytes())
        version = read_system("mine-r1", self.places.systems)
        params = version.settings.live.strategy.params
        self.assertEqual((7, 3.0), (params["ema_fast"], params["sl_atr_multiple"]))
        self.assertEqual(("mine", "config/live.yaml"), (version.bases[0], version.bases[1][-16:]))
        self.assertEqual(self.mine.system.windows, version.windows)
        [again] = self.recommend().rows
        self.assertEqual(row, again, "what is decided is not recommended again")
        for decide in (accept, reject):
            with self.assertRaisesRegex(ConfigurationError, r"is accepted already \(mine-r1\)"):
                decide(1, self.store)

    def test_a_write_that_was_cut_short_is_gone_on_with_and_another_file_is_not_replaced(self) -> None:
        with (
            patch.object(RunStore, "record", side_effect=KeyboardInterrupt),
            self.assertRaises(KeyboardInterrupt),
        ):
            accept(1, self.store, self.places)
        self.assertEqual("accepted", accept(1, self.store, self.places).status)
        self.store.record(self.row)
        version = self.folder / "config" / "systems" / "mine-r1.yaml"
        version.unlink()
        with patch.object(Path, "replace", side_effect=KeyboardInterrupt), self.assertRaises(KeyboardInterrupt):
            accept(1, self.store, self.places)
        self.assertFalse(version.exists(), "there as a whole or not at all")
        write_system(self.folder, "mine-r1")
        with self.assertRaisesRegex(ConfigurationError, "there already, nothing was written"):
            accept(1, self.store, self.places)
        self.assertEqual([self.row], self.store.records(Recommendation))

    def test_what_is_rejected_stays_so(self) -> None:
        row = reject("latest", self.store, "no")
        self.assertEqual([row], self.recommend().rows)
        self.assertEqual(("rejected", "no"), (row.status, row.note))

    def test_of_a_system_that_has_changed_nothing_is_accepted_and_its_recommendations_are_withdrawn(self) -> None:
        write_system(self.folder, "mine", overrides={"execution.slippage": 0.001})
        with self.assertRaisesRegex(ConfigurationError, "mine is another now than the one it was made for"):
            accept(1, self.store, self.places)
        [gone] = self.recommend().withdrawn
        self.assertEqual(("rejected", "withdrawn: the system is another now"), (gone.status, gone.note))
        write_system(self.folder, "mine")
        [back] = self.recommend().rows
        self.assertEqual(("pending", 1), (back.status, back.id))

    def test_numbers_that_are_none_are_named_with_what_is_allowed(self) -> None:
        for wrong in ("2", "x", "-1", ""):
            with self.assertRaisesRegex(
                ConfigurationError, "there is none of that number — allowed: latest, or such as 1"
            ):
                accept(wrong, self.store, self.places)


class Confidence(HistoryCase):
    def test_it_is_the_mean_of_a_beta_distribution(self) -> None:
        # Beta(2 · 0.9, 2 · 0.1) after 3 that held and 5 that did not: (1.8 + 3) / (2 + 8).
        self.assertAlmostEqual(0.48, KindRecord("parameters", 3, 5).confidence(0.9))
        self.assertEqual(0.9, KindRecord("parameters").confidence(0.9))

    def test_outcomes_recalibrate_what_is_pending_of_their_kind_and_of_no_other(self) -> None:
        def row(number: int, kind: str, held: bool | None = None) -> Recommendation:
            return Recommendation(
                status="pending" if held is None else "applied", system="x", created_ms=1, kind=kind, claim=str(number),
                settings_sha256="s", probability=0.96, confidence=0.96,
                outcome=None if held is None else {"held": held},
            )  # fmt: skip

        for number, (kind, held) in enumerate(
            [("symbols", None), ("parameters", None), *[("symbols", False)] * 6, ("symbols", True)]
        ):
            self.store.record(row(number, kind, held))
        records = recalibrated(self.store)
        self.assertEqual((1, 6), (records["symbols"].held, records["symbols"].failed))
        pending = [one.confidence for one in self.store.records(Recommendation, status="pending")]
        self.assertAlmostEqual((2 * 0.96 + 1) / 9, pending[0])
        self.assertEqual(0.96, pending[1])

    def test_what_was_not_accepted_is_not_reviewed(self) -> None:
        self.write_studies(1, {BEST: 0.004})
        [row] = self.recommend().rows
        with self.assertRaisesRegex(ConfigurationError, "recommendation 1: is pending — allowed: one that is accepted"):
            review(row.id, store=self.store, places=self.places)
        for options in ({"days": 0}, {"trades": -1}, {"days": True}):
            with self.assertRaisesRegex(ConfigurationError, "allowed: a whole number from 1"):
                review(**options, store=self.store, places=self.places)
        with self.assertRaisesRegex(TypeError, r"review has no option day \(did you mean days\?\)"):
            review(day=3, store=self.store)


if __name__ == "__main__":
    unittest.main()
