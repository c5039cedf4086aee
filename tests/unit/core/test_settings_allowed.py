"""Places of the settings: which type belongs at the end of a path, and its words."""

import unittest
from typing import Annotated, Literal, Optional

from pydantic import BaseModel, Field

from core.errors import ConfigurationError
from core.settings_allowed import Allowed, Place, path_of_key, place_at, section_at
from core.settings_problem import nearest_name
from core.settings_section import SettingsSection


class Leaf(SettingsSection):
    share: float = Field(0.5, gt=0, le=1)
    word: Literal["near", "far"] | None = None


class Branch(SettingsSection):
    leaf: Leaf | None = None
    leaves: Annotated[list[Leaf], Allowed("some leaves")] = Field(default_factory=list)
    by_name: dict[Annotated[str, Allowed("a name")], Annotated[int, Field(ge=3)]] = Field(default_factory=dict)
    many: list[dict[str, Leaf]] = Field(default_factory=list)
    pair: tuple[int, bool] = (1, True)
    mixed: int | Leaf = 0
    quiet: Optional[Annotated[Leaf, Allowed("a leaf or nothing")]] = None  # noqa: UP045 - the spelling that users write


class Tree(SettingsSection):
    branch: Branch = Field(default_factory=Branch)


class Endless(BaseModel):
    inner: "Endless | None" = None
    name: str = ""


class PlacesTest(unittest.TestCase):
    def words(self, *location: int | str) -> str:
        place = place_at(Tree, location)
        self.assertIsNotNone(place)
        return place.words() if place is not None else ""

    def test_paths_go_through_sections_lists_mappings_and_null(self) -> None:
        share = "a number above 0 and at most 1"
        for location in (
            ("branch", "leaf", "share"),
            ("branch", "leaves", 7, "share"),
            ("branch", "many", 0, "any name", "share"),
            ("branch", "quiet", "share"),
        ):
            self.assertEqual(share, self.words(*location), location)
        self.assertEqual("a whole number at least 3", self.words("branch", "by_name", "some"))
        self.assertEqual("a name", self.words("branch", "by_name", "some", "[key]"))
        self.assertEqual("a whole number", self.words("branch", "pair", 0))
        self.assertEqual("true or false", self.words("branch", "pair", 1))
        self.assertEqual("near or far or null", self.words("branch", "leaf", "word"))
        self.assertEqual("a section with the keys share, word, or null", self.words("branch", "leaf"))
        self.assertEqual("a section with the keys share, word", self.words("branch", "leaves", 0))
        self.assertEqual("some leaves", self.words("branch", "leaves"))
        self.assertEqual("a leaf or nothing or null", self.words("branch", "quiet"))

    def test_a_path_that_leads_nowhere_ends_at_the_last_place_it_reached(self) -> None:
        for location in (
            ("branch", "leaf", "share", 0), ("branch", "leaf", "share", "x"), ("branch", "leaf", "share", "[key]"),
        ):  # fmt: skip
            self.assertEqual("a number above 0 and at most 1", self.words(*location))
        self.assertEqual("a list", self.words("branch", "pair", 5))
        self.assertIsNone(place_at(Tree, ("twig", "leaf")))
        self.assertIsNone(place_at(Tree, ()))
        self.assertIsNone(place_at(Tree, (0,)))
        self.assertIs(Tree, section_at(Tree, ("twig",)))
        self.assertIs(Leaf, section_at(Tree, ("branch", "leaves", 3)))

    def test_choices_are_words_behind_null_too(self) -> None:
        place = place_at(Tree, ("branch", "leaf", "word"))
        self.assertEqual(["near", "far"], place.choices() if place is not None else None)
        self.assertEqual([], Place(int).choices())

    def test_a_key_further_down_is_found_by_its_name(self) -> None:
        self.assertEqual("branch.leaf.share", path_of_key(Tree, "share"))
        self.assertEqual("branch.many", path_of_key(Tree, "many"))
        self.assertIsNone(path_of_key(Tree, "branch"))
        self.assertIsNone(path_of_key(Endless, "twig"))

    def test_a_hint_is_a_name_that_is_alike_or_the_only_one_that_is_abbreviated(self) -> None:
        names = ["fixed", "square_root", "volatility", "leverage", "leverages"]
        for written, meant in (
            ("Sqrt", "square_root"), ("vol", "volatility"), ("fixd", "fixed"), ("root", None), ("lvg", None),
            ("sq", None), ("", None),
        ):  # fmt: skip
            self.assertEqual(meant, nearest_name(written, names), written)

    def test_one_line_for_each_wrong_place(self) -> None:
        with self.assertRaises(ConfigurationError) as caught:
            Tree.from_dict({
                "share": 1,
                "branch": {
                    "leaf": {"shar": 1, "word": "nea"}, "leaves": [{"share": 0}, 5], "by_name": {"a": 1, "b:c": "4"},
                    "many": [{"x": {"share": "1"}}, 4], "quiet": 3,
                },
            })  # fmt: skip
        self.assertEqual(
            [
                "Tree: branch.leaf.word: 'nea' (did you mean near?) — allowed: near or far or null",
                "Tree: branch.leaf.shar: unknown key (did you mean share?) — allowed keys: share, word",
                "Tree: branch.leaves[0].share: 0 — allowed: a number above 0 and at most 1",
                "Tree: branch.leaves[1]: 5 — allowed: a section with the keys share, word",
                "Tree: branch.by_name.a: 1 — allowed: a whole number at least 3",
                "Tree: branch.by_name.'b:c': '4' — allowed: a whole number at least 3, without quotes",
                "Tree: branch.many[0].x.share: '1' — allowed: a number above 0 and at most 1, without quotes",
                "Tree: branch.many[1]: 4 — allowed: a section",
                "Tree: branch.quiet: 3 — allowed: a leaf or nothing or null",
                "Tree: share: unknown key (did you mean branch.leaf.share?) — allowed keys: branch",
            ],
            str(caught.exception).splitlines(),
        )


if __name__ == "__main__":
    unittest.main()
