"""``python -m runs dataset``."""

import argparse
from pathlib import Path

import msgspec

from core.command_line import file_named, say
from core.errors import ConfigurationError
from runs.commands.opened_store import current_store, print_json
from runs.dataset.dataset_file import write_dataset
from runs.reading.run_folder import read_run
from runs.reading.run_names import is_there

_FILE = "dataset.parquet"


def write_run_dataset(asked: argparse.Namespace) -> int:
    """Write features, decisions and what followed at each candle of a run, whole or not at all, and say where."""
    horizons = _horizons(asked.horizons)
    run = read_run(_folder_of(asked.run))
    target: Path = asked.out or run.folder / _FILE
    if asked.out is not None:
        target = file_named("--out", target, _FILE)
        if target.suffix != ".parquet":
            raise ConfigurationError(f"--out {target} — allowed: a name that ends in .parquet")
        if target.exists() and not asked.force:
            raise ConfigurationError(f"{target} is there already — allowed: another name, or --force to replace it")
    if asked.data_dir is not None and not asked.data_dir.is_dir():
        raise ConfigurationError(f"--data-dir {asked.data_dir}: there is no such folder")
    facts = write_dataset(run, target, horizons=horizons, data_dir=asked.data_dir)
    if asked.json:
        print_json({"file": str(target), **msgspec.to_builtins(facts)})
        return 0
    features = ", ".join(facts.features) or "none: the strategy declares none"
    say(
        f"{sum(facts.rows.values()):,} candles of {', '.join(facts.rows)} in {target}",
        f"features: {features}",
        f"outcomes: {', '.join(map(str, facts.horizons))} candles ahead, and of the trade that was entered",
    )
    return 0


def _folder_of(name: str) -> Path:
    if is_there(name):
        return Path(name)
    with current_store() as store:
        return Path(store.run(name).folder)


def _horizons(text: str) -> list[int]:
    parts = text.split(",")
    if not all(part.strip().isascii() and part.strip().isdecimal() and int(part) for part in parts):
        raise ConfigurationError(f"--horizons {text} — allowed: numbers of candles from 1 on, with commas: 1,5,15")
    return [int(part) for part in parts]
