"""What a search is told that it does not know is refused before anything is opened."""

import unittest
from collections.abc import Callable
from typing import Any

import research


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
