"""What importing does: packages hand out their public names and nothing else, modules do no work."""

import ast
import unittest
from pathlib import Path

from tests.architecture.source_tree import PACKAGES, files_of, nodes_of, place_of, tree_of

FACADES = {
    "alerts/command.py",
    "alerts/loading.py",
    "backtests/backtest_command.py",
    "backtests/backtest_result.py",
    "backtests/config_backtest.py",
    "backtests/engines/engine_choice.py",
    "backtests/input_candles.py",
    "backtests/journal_replay.py",
    "backtests/memory_strategy.py",
    "backtests/parity.py",
    "backtests/proof/covered_run.py",
    "dashboard/command.py",
    "live/life/live_command.py",
    "live/life/rehearsal.py",
    "market_data/__main__.py",
    "market_data/adapters/adapter_registry.py",
    "market_data/feeds/feed_registry.py",
    "market_data/history/fetch_progress.py",
    "market_data/history/historical_data_provider.py",
    "market_data/store/atomic_files.py",
    "market_data/store/candle_store.py",
    "practice/practice_command.py",
    "programs/pool_outcomes.py",
    "reports/__main__.py",
    "reports/console/console_report.py",
    "reports/console/progress.py",
    "research/executors/code_mark.py",
    "research/executors/machines.py",
    "research/luck/reality_check.py",
    "research/samplers/sampler_choice.py",
    "runs/commands/exporting.py",
    "runs/commands/opened_store.py",
    "runs/commands/text_blocks.py",
    "runs/documents/installed_version.py",
    "runs/store/database.py",
    "runs/store/found_folders.py",
    "runs/store/run_filter.py",
    "runs/store/run_store.py",
    "runs/store/store_place.py",
    "runs/store/synchronising.py",
    "strategies/open_stream.py",
    "strategies/programs/sandbox/program_sandbox.py",
    "systems/__main__.py",
    "validation/program_section.py",
}
"""Entry points, which start fast, and choices, which load what was chosen: an exchange, a form, a terminal's tables."""

STATEMENTS = (
    ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef,
)  # fmt: skip


def is_text(node: ast.stmt) -> bool:
    """Whether a statement is a docstring."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def is_for_types_only(node: ast.stmt) -> bool:
    """Whether a statement is one that only a type checker sees."""
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def names_imported(statements: list[ast.stmt]) -> set[str]:
    """Return the names that statements bring from modules of the program."""
    found = [node for node in statements if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] in PACKAGES]
    return {alias.asname or alias.name for node in found for alias in node.names}


def names_handed_out(tree: ast.Module) -> list[str]:
    """Return a package's ``__all__``, empty where it has none."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return ast.literal_eval(node.value)
    return []


def functions_that_import(path: Path) -> list[str]:
    """Return the functions of a file with imports inside."""
    functions = (one for one in nodes_of(path) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))
    return [
        one.name for one in functions if any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(one))
    ]


class Imports(unittest.TestCase):
    def test_packages_hand_out_their_public_names_and_do_nothing_else(self) -> None:
        for path in (path for path in files_of(*PACKAGES) if path.name == "__init__.py"):
            tree = tree_of(path)
            with self.subTest(place_of(path)):
                unseen = [inner for node in tree.body if is_for_types_only(node) for inner in node.body]
                imported = names_imported(tree.body) | names_imported(unseen)
                self.assertEqual(set(names_handed_out(tree)), imported - {"lazy_names"})
                self.assertEqual(sorted(set(names_handed_out(tree))), sorted(names_handed_out(tree)))
                for node in tree.body:
                    if isinstance(node, ast.Import | ast.ImportFrom) or is_text(node) or is_for_types_only(node):
                        continue
                    name = node.name if isinstance(node, ast.FunctionDef) else ast.unparse(node.targets[0])
                    self.assertIn(name, ("__all__", "__getattr__", "_HOMES"))

    def test_importing_a_module_does_no_work(self) -> None:
        for path in files_of(*PACKAGES):
            for node in tree_of(path).body:
                if isinstance(node, STATEMENTS) or is_text(node) or is_for_types_only(node):
                    continue
                with self.subTest(f"{place_of(path)}:{node.lineno}"):
                    self.assertIsInstance(node, ast.If)
                    self.assertEqual("__name__ == '__main__'", ast.unparse(node.test))

    def test_a_module_imports_at_its_top(self) -> None:
        inside = {
            place_of(path) for path in files_of(*PACKAGES) if path.name != "__init__.py" and functions_that_import(path)
        }
        self.assertEqual(FACADES, inside)


if __name__ == "__main__":
    unittest.main()
