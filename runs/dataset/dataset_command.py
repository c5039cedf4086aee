"""``dataset``: writes a run as a Parquet file for machine learning."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import msgspec

from core.command_line import say
from core.errors import ConfigurationError
from runs.dataset.dataset_file import HORIZONS, write_dataset
from runs.reading.run_folder import read_run
from runs.reading.run_names import find_run

HELP = "write features, decisions and what followed, a row for each candle, as Parquet"
FILE = "dataset.parquet"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument("run", help="a run's id or its beginning, its folder, its name, or latest")
    parser.add_argument("--out", type=Path, help=f"the file (default: {FILE} in the run's folder)")
    parser.add_argument(
        "--horizons",
        default=",".join(map(str, HORIZONS)),
        help="how many candles ahead outcomes look, with commas (default: %(default)s)",
    )
    parser.add_argument("--data-dir", type=Path, help="candle store, in place of the one that the run used")
    parser.add_argument("--json", action="store_true", help="print what was written as JSON")


def run(arguments: argparse.Namespace, roots: Sequence[str | Path] = ("logs/backtests", "logs/live")) -> int:
    """Write the dataset that the arguments ask for, say where it is, and return the exit code.

    Errors as of :func:`~runs.dataset.dataset_file.write_dataset`; ConfigurationError where no run is meant.
    """
    stored = read_run(find_run(arguments.run, roots))
    target: Path = arguments.out or stored.folder / FILE
    if target.is_dir():
        raise ConfigurationError(f"--out {target} is a folder — allowed: the name of a file")
    facts = write_dataset(stored, target, horizons=_horizons(arguments.horizons), data_dir=arguments.data_dir)
    if arguments.json:
        say(json.dumps({"path": str(target), **msgspec.to_builtins(facts)}))
    else:
        rows = sum(facts.rows.values())
        features = ", ".join(facts.features) or "none (the strategy declares none)"
        say(f"{target}: {rows:,} candles of {len(facts.rows)} symbols", f"features: {features}")
    return 0


def _horizons(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise ConfigurationError(
            f"--horizons {text!r} — allowed: numbers of candles with commas, such as 1,5"
        ) from None
