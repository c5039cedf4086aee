"""What ambiguous exits would have brought more, had their target come first."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from core.event_lines import ORDER_HEADER, cell_text
from core.exact import EXACT, ZERO, received
from execution.costs.commission import build_commission
from execution.venue_settings import CommissionSettings
from runs.reading.folder_text import table, times_of
from runs.reading.log_rows import LogRow

Bounds = Mapping[int, Decimal | None]
"""By row of the trade log; None where it is not known."""

_TARGET = "TAKE_PROFIT"
_WITHDRAWN = "CANCELED"


def ambiguous_bounds(rows: Sequence[LogRow], orders: Path, execution: Mapping[str, Any]) -> Bounds:
    """Return what each ambiguous exit of a trade log would have brought more, net of commission.

    Known where one target stood; of a ladder the log does not say how many rungs the candle reached. An exit at a
    target itself could not have brought more.

    Parameters
    ----------
    rows
        The trade log.
    orders
        ``orders.csv`` of the same run: an exit by the stop withdraws the target, and says where it stood.
    execution
        Settings of that section as the manifest has them.
    """
    flagged = {(row.time_ms, row.symbol) for row in rows if row.metadata.get("ambiguous", False)}
    if not flagged:
        return {}
    targets = _withdrawn_targets(orders, flagged)
    model = build_commission(
        received(execution["commission_rate"]), CommissionSettings.model_validate(execution.get("commission") or {})
    )
    found: dict[int, Decimal | None] = {}
    for number, row in enumerate(rows):
        if row.metadata.get("ambiguous", False):
            stood = targets.get((row.time_ms, row.symbol), [])
            if not stood or row.reason == "target":
                found[number] = ZERO
            elif len(stood) == 1:
                price = stood[0]
                better = EXACT.multiply(EXACT.multiply(row.sign, EXACT.subtract(price, row.price)), row.quantity)
                paid = model.commission(price, row.quantity, row.time_ms, maker=True)
                spared = model.commission(row.price, row.quantity, row.time_ms)
                found[number] = EXACT.subtract(EXACT.add(better, spared), paid)
            else:
                found[number] = None
        model.note_fill(row.time_ms, EXACT.multiply(row.price, row.quantity))
    return found


def _withdrawn_targets(orders: Path, at: set[tuple[int, str]]) -> dict[tuple[int, str], list[Decimal]]:
    """Return the prices of the targets that were withdrawn at given times, by time and symbol."""
    rows = [row for row in table(orders, ORDER_HEADER) if row[5] == _TARGET and row[7] == _WITHDRAWN]
    found: dict[tuple[int, str], list[Decimal]] = {}
    for time_ms, row in zip(times_of(orders, [row[0] for row in rows]).tolist(), rows, strict=True):
        place = time_ms, cell_text(row[3])
        if place in at:
            found.setdefault(place, []).append(Decimal(row[11]))
    return found
