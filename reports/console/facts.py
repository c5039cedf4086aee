"""Labelled values, as reports are made of them."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from reports.console.number_text import is_negative, is_positive

Tone = Literal["", "gain", "loss"]


class Fact(NamedTuple):
    """One labelled value; ``tone`` says whether it is good or bad news."""

    label: str
    value: str
    tone: Tone = ""


class Section(NamedTuple):
    """Facts under one title; ``numeric`` when the values are figures."""

    title: str
    facts: Sequence[Fact]
    numeric: bool = True


def tone_of(value: object) -> Tone:
    """Return whether a number is good news or bad."""
    if is_negative(value):
        return "loss"
    return "gain" if is_positive(value) else ""
