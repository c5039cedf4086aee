"""What is shown passes through few places, where text from outside is escaped."""

import ast
import unittest

from tests.architecture.source_tree import PACKAGES, files_of, nodes_of, place_of

PRINTING = {
    "core/command_line.py": "escapes every line",
    "market_data/history/plain_progress.py": "escapes its title, the rest are numbers",
    "market_data/exchanges/exchange_facts.py": "a tool of the maintainers; a count",
    "backtests/backtest_command.py": "JSON in ASCII",
    "runs/commands/text_blocks.py": "escapes every cell",
    "reports/console/rich_report.py": "the same facts as the plain report, each on one line",
}
"""The modules that print, and why what they print is plain."""


def prints(node: ast.AST) -> bool:
    """Whether a node prints, or writes to a stream of the process."""
    if not isinstance(node, ast.Call):
        return False
    called = ast.unparse(node.func)
    return called in ("print", "console.print") or called.startswith(("sys.stdout.write", "sys.stderr.write"))


class Printing(unittest.TestCase):
    def test_only_these_modules_print(self) -> None:
        packages = [one for one in PACKAGES if one != "examples"]
        found = {place_of(path) for path in files_of(*packages) if any(map(prints, nodes_of(path)))}
        self.assertEqual(set(PRINTING), found)


if __name__ == "__main__":
    unittest.main()
