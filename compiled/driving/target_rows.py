"""The targets that settings and signals name, as records."""

from typing import NamedTuple

import numpy as np

from compiled import layout
from compiled.driving.opinion_rows import SaidWords, target_row
from core.errors import Uncovered
from core.exact import received
from validation.composed_settings import Settings

MOST_RUNGS = 32


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
    ladder, words = settings.live.execution.exits.ladder, said.words.copy()
    rungs = [target_row("r", received(rung.distance), received(rung.fraction)) for rung in ladder]
    of_settings = np.array(rungs, layout.TARGET_ROW)
    words["first_target"] += len(of_settings) + symbols
    most = max(1, len(of_settings), int(words["targets"].max()))
    if most > MOST_RUNGS:
        raise Uncovered(f"a ladder of more than {MOST_RUNGS} rungs")
    moved = np.zeros(symbols, layout.TARGET_ROW)
    return NamedTargets(words, np.concatenate((of_settings, moved, said.targets)), most)
