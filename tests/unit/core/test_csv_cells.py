"""No cell of a CSV output begins as a formula, and reading it back is exact."""

import csv
import io
import itertools
import unittest

from core.event_lines import cell_text, quoted


class Cells(unittest.TestCase):
    def test_every_text_is_read_back_and_none_begins_as_a_formula(self) -> None:
        for size in range(6):
            for letters in itertools.product("=+-@'1a,", repeat=size):
                text = "".join(letters)
                _, cell = next(csv.reader(io.StringIO(f"x,{quoted(text)}\n", newline="")))
                self.assertEqual(text, cell_text(cell))
                if cell[:1] in tuple("=+-@"):
                    float(cell)

    def test_formulas_get_an_apostrophe_and_numbers_and_words_stay(self) -> None:
        for text in ("=1+1", "+cmd", "-x", "@SUM(A1)", "\t=1", "'=1", "-1+1"):
            self.assertTrue(quoted(text).startswith("'"), text)
        for text in ("", "mine", "-1", "+2.5e3", "'quoted'", "a=b"):
            self.assertEqual(text, quoted(text))


if __name__ == "__main__":
    unittest.main()
