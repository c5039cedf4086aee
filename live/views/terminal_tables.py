"""Positions and orders as tables for a terminal."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from core.instants import format_ms
from live.views.session_picture import OrderLine, PositionLine
from reports.console.number_text import amount, one_line

WIDE = 110
"""From this width on columns stand further apart, and positions on margin show margin and funding."""

ROOMY = 100
"""From this width on positions are shown with their quantity."""

GOOD, BAD, DIM = "green", "red", "dim"


def positions_table(lines: Sequence[PositionLine], width: int) -> Table:
    """Return positions: with quantities where there is room, with margin and liquidation where they have it."""
    roomy, wide, margined = width >= ROOMY, width >= WIDE, any(one.margin is not None for one in lines)
    table = Table(box=None, pad_edge=False, padding=(0, 2 if wide else 1, 0, 0), header_style="dim")
    for name in ("Symbol", "Side"):
        table.add_column(name, no_wrap=True)
    numbers = [*(["Quantity"] if roomy else []), "Entry", "Mark", "PnL", "Stop", "Target"]
    numbers += ["Liquidation", *(["Margin", "Funding"] if wide else [])] if margined else []
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("Inside the candle" if wide else "Touched", no_wrap=True)
    for one in lines:
        sign = "~" if one.forming else ""
        cells = [
            *([Text(f"{one.quantity:.8g}")] if roomy else []),
            Text(price_text(one.entry)),
            Text(sign + price_text(one.mark)),
            Text(sign + amount(one.pnl), tone(one.pnl)),
            Text(price_text(one.stop) + ("t" if one.trailed else "")),
            Text(_targets_text(one.targets)),
        ]
        if margined:
            margin = "-" if one.margin is None else amount(one.margin)
            money = [Text(margin), Text(amount(one.funding), tone(one.funding))] if wide else []
            cells += [Text(price_text(one.liquidation)), *money]
        touched = f"{one.touched} touched" if one.touched and wide else one.touched
        table.add_row(Text(one_line(one.symbol)), Text(one.side), *cells, Text(touched, "bold yellow"))
    return table


def _targets_text(targets: Sequence[float]) -> str:
    """Return the nearest target, and how many more rungs stand behind it."""
    more = f" +{len(targets) - 1}" if len(targets) > 1 else ""
    return price_text(targets[0] if targets else None) + more


def orders_table(lines: Sequence[OrderLine]) -> Table:
    """Return what waits and rests."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(5):
        table.add_column(no_wrap=True)
    for one in lines:
        table.add_row(
            Text(one_line(one.symbol)),
            Text(f"#{one.order_id} {one_line(one.what)}"),
            Text("" if one.quantity is None else f"{one.quantity:.8g}"),
            Text(_order_text(one)),
            Text("" if one.deadline_ms is None else f"until {clock_text(one.deadline_ms)}", DIM),
        )
    return table


def _order_text(order: OrderLine) -> str:
    """Return how an order waits: at the market for the next open, or at its prices."""
    prices = [
        *([f"stop {price_text(order.stop_price)}"] if order.stop_price is not None else []),
        *([f"limit {price_text(order.price)}"] if order.price is not None else []),
    ]
    if prices:
        return f"{order.order_type.lower().replace('_', '-')}: {', '.join(prices)}"
    if order.open is None:
        return "no candle yet"
    return f"opened at {price_text(order.open)}, fills at the close"


def price_text(price: float | None) -> str:
    """Return a price with as many decimals as its size calls for; "-" for None."""
    if price is None:
        return "-"
    return amount(price, 2 if abs(price) >= 1_000 else 4 if abs(price) >= 1 else 8)


def clock_text(time_ms: int) -> str:
    """Return a time to the second."""
    return format_ms(time_ms)[:19].replace("T", " ")


def tone(value: float) -> str:
    """Return the colour of a gain or a loss; none for 0."""
    return GOOD if value > 0 else BAD if value < 0 else ""
