import json
import math
import unittest
from decimal import Decimal

import numpy as np

from reports import to_json
from runs.documents.run_result import result_of
from tests.unit.reports.result_example import example_result


class JsonReportTest(unittest.TestCase):
    def test_everything_comes_back_with_all_its_digits(self) -> None:
        self.assertEqual(json.loads(to_json(example_result())), example_result().to_dict())
        self.assertEqual(result_of(json.loads(to_json(example_result()))), example_result())

    def test_a_float_is_written_as_its_shortest_text(self) -> None:
        self.assertEqual(to_json({"x": 0.1 + 0.2}), '{\n  "x": 0.30000000000000004\n}')
        self.assertEqual(to_json({"x": np.float64(0.1)}), to_json({"x": 0.1}))

    def test_nan_and_infinities_are_null_at_every_depth(self) -> None:
        values = {"a": math.nan, "b": {"c": [math.inf, (-math.inf, 1.5)]}}
        self.assertEqual(json.loads(to_json(values)), {"a": None, "b": {"c": [None, [None, 1.5]]}})

    def test_the_order_of_keys_does_not_change_the_text(self) -> None:
        result = example_result().to_dict()
        turned = {key: result[key] for key in reversed(result)}
        turned["performance"] = dict(reversed(result["performance"].items()))
        self.assertEqual(to_json(turned), to_json(result))

    def test_text_is_ascii_and_whole_numbers_and_booleans_stay_what_they_are(self) -> None:
        text = to_json({"name": "币安", "many": 10**30, "yes": True, "none": None})
        self.assertTrue(text.isascii())
        self.assertEqual(json.loads(text), {"name": "币安", "many": 10**30, "yes": True, "none": None})

    def test_what_is_no_plain_value_is_refused_by_its_place(self) -> None:
        with self.assertRaisesRegex(TypeError, r"result\.a\.b\[1\]: a Decimal is no plain value"):
            to_json({"a": {"b": [1, Decimal(1)]}})
        with self.assertRaisesRegex(TypeError, "result.a: the key 1 is not text"):
            to_json({"a": {1: 2}})


if __name__ == "__main__":
    unittest.main()
