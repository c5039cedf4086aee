"""Where the life of strategies is written: a folder for each run of an epoch, and the events of a day."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from core.errors import StoreError
from core.instants import format_ms, to_datetime
from core.plain_text import escaped
from market_data.store.atomic_files import make_folder, write_atomically
from systems.life_cycle.plain_values import plain_value

EPOCHS = "epochs"
CONFIG, RESULTS, SUMMARY, TRADES = "config.json", "results.json", "summary.json", "trades.jsonl"


def epoch_folder(logs: Path, started_ms: int, made_of: Mapping[str, Any]) -> Path:
    """Create and return ``epochs/<time>/<run id>/``; the id is a function of what the run is made of, and its time.

    Of two runs that are made of the same at one instant, the second's id ends in ``-2``.
    """
    time = to_datetime(started_ms).strftime("%Y%m%dT%H%M%SZ")
    digest = hashlib.sha256(json.dumps([started_ms, plain_value(made_of)], sort_keys=True).encode()).hexdigest()[:12]
    parent = logs / EPOCHS / time
    make_folder(parent)
    number = 1
    while True:
        folder = parent / (digest if number == 1 else f"{digest}-{number}")
        try:
            folder.mkdir()
            return folder
        except FileExistsError:
            number += 1
        except OSError as error:
            raise StoreError.of("write", folder, error) from error


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write plain values as JSON, as a whole."""
    text = json.dumps(plain_value(values), sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    write_atomically(path, f"{text}\n".encode("utf-8", "backslashreplace"))


def append_line(path: Path, values: Mapping[str, Any]) -> None:
    """Append one JSON line; lines of several processes do not mix."""
    append_lines(path, [values])


def append_lines(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    """Append JSON lines."""
    text = "".join(json.dumps(plain_value(one), ensure_ascii=True, allow_nan=False) + "\n" for one in lines)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab", buffering=0) as file:
            file.write(text.encode())
    except OSError as error:
        raise StoreError.of("write", path, error) from error


def append_event(logs: Path, time_ms: int, event: str, **facts: Any) -> None:
    """Append an event to those of its UTC day."""
    path = logs / f"events_{to_datetime(time_ms).strftime('%Y%m%d')}.jsonl"
    append_line(path, {"time": format_ms(time_ms), "event": event, **facts})


def read_json(path: Path) -> dict[str, Any] | None:
    """Return the mapping that a file holds; None where there is no such file, or nothing of that kind in it."""
    try:
        values = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return values if isinstance(values, dict) else None


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the mappings of a file of JSON lines; a line that is none, cut off perhaps, is passed over."""
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return
    except OSError as error:
        raise StoreError.of("read", path, error) from error
    for line in lines:
        try:
            values = json.loads(line)
        except ValueError:
            continue
        if isinstance(values, dict):
            yield values


def one_line(error: BaseException) -> str:
    """Return an error as one line: its own sentence, or its kind where it has none."""
    return escaped(str(error) or type(error).__name__)
