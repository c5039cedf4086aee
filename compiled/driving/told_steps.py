"""Runs that are told step by step."""

import numpy as np

from compiled import layout
from compiled.driving.core_builder import as_rules_read


def told_by_step(core: layout.Core) -> layout.Core:
    """Return a core whose run notes up to where the events of each step go."""
    kinds = (core.fills, core.transitions, core.points, core.notes)
    ends = np.zeros(sum(map(len, kinds)), layout.STEP_END)
    return as_rules_read(core._replace(ends=ends))
