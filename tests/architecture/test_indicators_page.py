"""docs/indicators.md has every indicator with its parameters, outputs, source and an example's length, and no other."""

import inspect
import re
import unittest

import indicators
from indicators import INDICATORS, Indicator
from tests.support.shared import REPOSITORY

NAMES = {name: getattr(indicators, name) for name in indicators.__all__}
PAGE = (REPOSITORY / "docs" / "indicators.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\w+)` \| (.*) \| (.*) \| `(.*)`: (.*) \| (.*) \|$", re.MULTILINE)


def parameters(kind: type[Indicator]) -> str:
    """Return what the class takes, with defaults; – for nothing."""
    taken = inspect.signature(kind).parameters.values()
    shown = [one.name if one.default is one.empty else f"{one.name}={one.default!r}" for one in taken]
    return f"`{', '.join(shown)}`" if shown else "–"


def source(kind: type[Indicator]) -> str:
    """Return what stands under References in the docstring, on one line."""
    text = inspect.getdoc(kind) or ""
    return " ".join(text.partition("References\n----------\n")[2].split())


class IndicatorsPage(unittest.TestCase):
    def test_every_indicator_has_its_row(self) -> None:
        rows = {name: rest for name, *rest in ROW.findall(PAGE)}
        self.assertEqual(list(INDICATORS), [name for name, *_ in ROW.findall(PAGE)])
        for name, kind in INDICATORS.items():
            taken, outputs, example, length, where = rows[name]
            with self.subTest(name):
                self.assertEqual(parameters(kind), taken)
                named = "–" if kind.outputs == ("value",) else ", ".join(f"`{one}`" for one in kind.outputs)
                self.assertEqual(named, outputs)
                one = eval(example, NAMES)
                self.assertIs(kind, type(one))
                day = " and a day" if one.forgets_after_ms else ""
                self.assertEqual(f"{one.forgets_after}{day}", length)
                self.assertEqual(source(kind), where)
                self.assertGreater(len(where), 10)

    def test_every_indicator_is_in_the_registry(self) -> None:
        classes = [one for one in NAMES.values() if inspect.isclass(one) and issubclass(one, Indicator)]
        self.assertEqual(set(INDICATORS), {one.__name__ for one in classes} - {"Indicator", "Output"})


if __name__ == "__main__":
    unittest.main()
