"""Runs that are told step by step, and that end more than once."""

import numpy as np

from compiled import layout


def told_by_step(core: layout.Core) -> layout.Core:
    """Return a core whose run notes up to where the events of each step go."""
    kinds = (core.fills, core.transitions, core.points, core.notes)
    ends = np.zeros(sum(map(len, kinds)), layout.STEP_END)
    # Rules that run as plain Python read the fields of a record as attributes.
    return core._replace(ends=ends.view(type(core.fills)))


class Stretches:
    """Lets a run end before its last candle, and go on.

    Parameters
    ----------
    core
        The records of a run that begins.
    """

    def __init__(self, core: layout.Core) -> None:
        self._core = core
        rules = core.rules[0]
        lengths = {"row": int(rules["timeframe_ms"]), "fine": int(rules["detail_ms"])}
        self._rows = {
            kind: (length_ms, core.symbols[f"first_{kind}"].tolist(), core.symbols[f"end_{kind}"].tolist())
            for kind, length_ms in lengths.items()
        }

    def end_after(self, time_ms: int, at_end: int) -> None:
        """Let the run end after the last step that is not later than a time; how, is one of ``compiled.codes``."""
        core = self._core
        core.rules["at_end"] = at_end
        for kind, (length_ms, firsts, ends) in self._rows.items():
            for s, (first, end) in enumerate(zip(firsts, ends, strict=True)):
                opens = core.open_ms[first:end]
                core.symbols[f"end_{kind}"][s] = first + np.searchsorted(opens, time_ms - length_ms, "right")
