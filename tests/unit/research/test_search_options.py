"""What a search is told that it does not know, or cannot reach, is refused before anything is opened."""

import unittest
from collections.abc import Callable
from typing import Any

import research
from core.errors import ConfigurationError
from research.folds.walk_forward import planned_walk
from tests.support.studies import planted_base

SPACE = {"hour": "11..13"}


class Unknown(unittest.TestCase):
    def test_an_option_that_a_function_does_not_have_is_refused_with_the_nearest(self) -> None:
        made: tuple[tuple[Callable[..., Any], tuple[str, ...], str, str], ...] = (
            (research.optimise, ("none",), "sampeler", "sampler"),
            (research.begin, ("none",), "seeds", "seed"),
            (research.resume, ("1",), "window", ""),
            (research.walk_forward, ("none",), "embarg", "embargo"),
            (research.resume_walk_forward, ("1",), "process", "processes"),
            (research.cross_validate, ("none",), "purged", "purge"),
            (research.recommend, (), "confirms", "confirm"),
            (research.review, (), "trade", "trades"),
        )
        for function, arguments, name, near in made:
            lengths = {"train": "9d", "test": "3d"} if function is research.walk_forward else {}
            said = rf"has no option {name}" + (rf" \(did you mean {near}\?\)" if near else "$")
            with self.subTest(function=function), self.assertRaisesRegex(TypeError, said):
                function(*arguments, **lengths, **{name: 1})


class TooShort(unittest.TestCase):
    """Of a metric that no trial could have, nothing is run: there is no store here that could be opened."""

    def test_a_metric_that_needs_more_days_than_the_window_has(self) -> None:
        for days, metric, needs in (
            (12, None, "sharpe: the run covers 12 days; annualised figures need 30"),
            (12, "0.6*sharpe - 0.4*max_drawdown_pct/10", "sharpe: the run covers 12 days"),
            (12, "composite", "sharpe: the run covers 12 days"),
            (12, ["roi", "volatility"], "volatility_pct: the run covers 12 days"),
            (3, "kurtosis:min", "kurtosis: 3 daily returns; it needs 4"),
        ):
            said = f"no trial of the base would have {needs}.* — allowed: a longer window, or a metric of any length"
            with self.subTest(metric=metric), self.assertRaisesRegex(ConfigurationError, said):
                research.optimise(planted_base(days), SPACE, metric=metric, sampler="grid", store=None)

    def test_folds_and_splits_that_are_shorter_than_the_metric_needs(self) -> None:
        options = {"metric": "sharpe", "sampler": "grid"}
        base = planted_base(32)
        said = r"no trial of the search of fold 1 would have sharpe: the run covers 29\.96 days; .* a longer train"
        with self.assertRaisesRegex(ConfigurationError, said):
            research.walk_forward(base, SPACE, train="30d", test="1d", purge="1h", **options)
        self.assertEqual(2, len(planned_walk(base, SPACE, "30d", "1d", options)[1].folds))
        said = (
            "no trial of the search without groups 1, 2 would have sharpe: the run covers 16 days; .* a longer window"
        )
        with self.assertRaisesRegex(ConfigurationError, said):
            research.cross_validate(base, SPACE, groups=4, test_groups=2, **options)


if __name__ == "__main__":
    unittest.main()
