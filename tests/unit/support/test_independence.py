"""The oracles share no code with what they judge: of the program they know values alone."""

import ast
import unittest
from pathlib import Path

from tests.support import oracles

DRAW_CASES = {"market_cases.py", "venue_model_streams.py"}
"""They say what is played on both sides, and build the program's."""

VALUES = {"core.candle", "core.instrument", "core.orders", "core.trading_signal"}


class Independence(unittest.TestCase):
    def test_an_oracle_imports_values_and_its_own_kind_alone(self) -> None:
        folder = Path(oracles.__path__[0])
        ours = {path.name for path in folder.parents[2].iterdir() if (path / "__init__.py").is_file()}
        for path in sorted(set(folder.glob("*.py")) - {folder / name for name in DRAW_CASES}):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                for name in names:
                    known = name in VALUES or name == "tests.support.base_settings"
                    if name.partition(".")[0] in ours and not known:
                        self.assertTrue(name.startswith("tests.support.oracles."), f"{path.name}: {name}")


if __name__ == "__main__":
    unittest.main()
