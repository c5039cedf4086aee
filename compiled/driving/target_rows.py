"""The targets that settings and signals name, as records."""

from typing import NamedTuple

import numpy as np

from compiled import layout
from compiled.codes import IN_STOPS
from compiled.driving.opinion_rows import SaidWords
from compiled.driving.scaled_market import decimals_of, shares_of, whole
from core.errors import Uncovered
from core.exact import received
from validation.composed_settings import Settings

MOST_RUNGS = 32
_MOST_DECIMALS = 15


class NamedTargets(NamedTuple):
    """Words of opinions, the targets that they number, and how many targets a position has at most."""

    words: layout.Records
    targets: layout.Records
    most: int


def named_targets(settings: Settings, said: SaidWords, symbols: int) -> NamedTargets:
    """Return the targets of the settings, one for each symbol's entry that is moved while it waits, and of opinions.

    Raises
    ------
    Uncovered
        If a ladder has too many rungs, or a number too many digits.
    """
    of_settings, words = rungs_of(settings), said.words.copy()
    words["first_target"] += len(of_settings) + symbols
    most = max(1, len(of_settings), int(words["targets"].max()))
    if most > MOST_RUNGS:
        raise Uncovered(f"a ladder of more than {MOST_RUNGS} rungs")
    moved = np.zeros(symbols, layout.TARGET_ROW)
    return NamedTargets(words, np.concatenate((of_settings, moved, said.targets)), most)


def rungs_of(settings: Settings) -> layout.Records:
    """Return the rungs of the settings' ladder.

    Raises
    ------
    Uncovered
        If a number has too many digits.
    """
    rungs = settings.live.execution.exits.ladder
    found = np.zeros(len(rungs), layout.TARGET_ROW)
    for target, rung in zip(found, rungs, strict=True):
        fraction, distance = received(rung.fraction), received(rung.distance)
        if max(decimals_of(fraction), decimals_of(distance)) > _MOST_DECIMALS:
            raise Uncovered("the numbers of a ladder have too many digits for 64 bits")
        (share,) = shares_of(fraction)
        target["fraction"], target["fraction_unit"], target["measure"] = share.number, share.unit, IN_STOPS
        target["decimals"] = decimals_of(distance)
        target["digits"] = whole(distance, decimals_of(distance))
    return found
