"""What limits did to a run: entries that they refused, and halts, read from its decisions."""

from pathlib import Path
from typing import Any

import msgspec

from core.errors import StoreError
from core.instants import parse_instant
from runs.folder.file_names import DECISIONS
from runs.reading.folder_text import read_bytes

_SHARED = "portfolio_"


class _Line(msgspec.Struct):
    """What is read of a line; it has more fields, and other events have fewer."""

    event: str
    time: str
    reason: str | None = None


def limits_hit(folder: Path) -> list[dict[str, Any]]:
    """Return each limit that stopped something: what it stopped, how often, and when first and last.

    Of refusals those by limits of a whole portfolio alone, of halts all.

    Raises
    ------
    StoreError
        If the decisions cannot be read.
    """
    path = folder / DECISIONS
    found: dict[tuple[str, str], dict[str, Any]] = {}
    decoder = msgspec.json.Decoder(_Line)
    for number, text in enumerate(read_bytes(path).splitlines(), 1):
        try:
            line = decoder.decode(text)
        except msgspec.MsgspecError as error:
            raise StoreError(f"{path}: line {number}: {error}", path=path) from None
        reason = line.reason or ""
        if line.event == "halt" or (line.event == "decision" and reason.startswith(_SHARED)):
            what = "halt" if line.event == "halt" else "refused"
            time_ms = parse_instant(line.time)
            one = found.setdefault((what, reason), {"what": what, "limit": reason, "times": 0, "first_ms": time_ms})
            one["times"] += 1
            one["last_ms"] = time_ms
    return list(found.values())
