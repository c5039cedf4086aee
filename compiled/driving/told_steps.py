"""Runs that are told step by step."""

import numpy as np

from compiled import layout


def told_by_step(core: layout.Core) -> layout.Core:
    """Return a core whose run notes up to where the events of each step go."""
    kinds = (core.fills, core.transitions, core.points, core.notes)
    ends = np.zeros(sum(map(len, kinds)), layout.STEP_END)
    # Rules that run as plain Python read the fields of a record as attributes.
    return core._replace(ends=ends.view(type(core.fills)))
