"""The equity curve as columns of a run's folder."""

import numpy as np
import numpy.typing as npt

from runs.folder.file_names import CURVE, STEPS


def curve_columns(step_times_ms: npt.ArrayLike, curve: npt.ArrayLike) -> dict[str, npt.NDArray[np.generic]]:
    """Return by file name the equity of every step, and the time of each of these values in UTC milliseconds.

    A value more than there are steps is that after the closing at the end, and bears the time of the last one.
    """
    equity, times = np.array(curve, np.float64), np.asarray(step_times_ms, np.int64)
    more = len(equity) - len(times)
    return {CURVE: equity, STEPS: np.append(times, [times[-1]] * more) if more > 0 else times[: len(equity)]}
