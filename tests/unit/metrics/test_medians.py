"""Medians are those of another library, to the last bit."""

import unittest

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from metrics.medians import medians_of
from tests.support.scale import scaled


class Medians(unittest.TestCase):
    @settings(max_examples=scaled(100, 2_000))
    @given(hnp.arrays(np.float64, st.tuples(st.integers(0, 3), st.integers(1, 8)), elements=st.floats(-1e300, 1e300)))
    def test_each_row_has_the_one_of_numpy(self, rows: np.ndarray) -> None:
        self.assertEqual(np.median(rows, axis=1).tobytes(), medians_of(rows).tobytes())


if __name__ == "__main__":
    unittest.main()
