"""The picture of a session laid out for a terminal of a given size."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from core.instants import format_ms
from live.views.session_events import SessionEvent
from live.views.session_picture import OrderLine, PositionLine, SessionPicture
from live.views.sparkline import sparkline
from reports.console.number_text import amount, count, one_line

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

Line = TypeVar("Line")

WIDE = 110
"""From this width on positions are shown with their quantity."""

_STATE_STYLES = {"connected": "green", "connecting": "yellow", "stale": "yellow", "disconnected": "bold red"}
_GOOD, _BAD, _ALARM, _DIM = "green", "red", "bold white on red", "dim"


def screen(picture: SessionPicture, width: int, height: int) -> "RenderableType":
    """Return what the terminal shows, cut so that everything of weight fits into ``height`` lines.

    Recent events take what positions and waiting orders leave, and at least three lines.
    """
    from rich.console import Group

    head = [_title(picture, width), *_alarms(picture), *_feed(picture), _steps(picture), *_account(picture, width)]
    room = max(4, height - len(head) - 3 - 4)
    positions, more = _fitting(picture.positions, max(2, room * 2 // 3))
    waiting, more_waiting = _fitting(picture.waiting, max(2, room // 3))
    blocks: list[RenderableType] = [*head, _rule("Positions", width, _more(more, picture))]
    blocks.append(_positions(positions, width) if positions else _line(("none", _DIM)))
    blocks.append(_rule("Orders", width, f"{more_waiting} more" if more_waiting else ""))
    blocks.append(_waiting(waiting) if waiting else _line(("none", _DIM)))
    used = len(head) + 3 + (len(positions) + 1 if positions else 1) + max(1, len(waiting))
    refusals = ", ".join(f"{one_line(reason)} {number}" for reason, number in picture.refusals)
    blocks.append(_rule("Recent", width, f"refused: {refusals}" if refusals else ""))
    lines = max(3, height - used)
    recent = list(picture.events)[-lines:]
    blocks += [_event(one) for one in reversed(recent)] or [_line(("nothing decided yet", _DIM))]
    return Group(*blocks)


def age_text(seconds: float | None) -> str:
    """Return a length of time in its two largest units; "never" for None.

    Examples
    --------
    >>> age_text(3.24), age_text(125.0), age_text(90_000.0)
    ('3.2 s', '2 min 05 s', '1 d 1 h')
    """
    if seconds is None:
        return "never"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours < 24 else f"{hours // 24} d {hours % 24} h"


def price_text(price: float | None) -> str:
    """Return a price with as many decimals as its size calls for; "-" for None."""
    if price is None:
        return "-"
    return amount(price, 2 if abs(price) >= 1_000 else 4 if abs(price) >= 1 else 8)


def _title(picture: SessionPicture, width: int) -> "Text":
    now = "exchange time unknown" if picture.exchange_ms is None else _clock(picture.exchange_ms)
    right = f"{now}  up {age_text(picture.uptime_seconds)}"
    name, strategy = one_line(picture.session), one_line(picture.strategy)
    # The longest description that fits; a session's own name usually says exchange and timeframe too.
    for what in (f"{picture.exchange} {picture.timeframe}  {strategy}  {picture.mode}", f"{strategy}  {picture.mode}"):
        if len(name) + len(what) + len(right) + 4 <= width:
            break
    else:
        what = picture.mode
    space = max(2, width - len(name) - 2 - len(what) - len(right))
    return _line((name, "bold"), (f"  {what}", ""), (" " * space + right, _DIM))


def _alarms(picture: SessionPicture) -> list["Text"]:
    alarms = []
    if picture.kill_switch:
        alarms.append(
            _line((f" KILL SWITCH engaged by {one_line(picture.kill_switch_by or '?')}: no entries ", _ALARM))
        )
    if picture.paused:
        alarms.append(_line((" PAUSED by an operator: no entries ", _ALARM)))
    if picture.halts:
        alarms.append(_line((f" HALTED: {', '.join(picture.halts)}: no entries ", _ALARM)))
    return alarms


def _feed(picture: SessionPicture) -> list["Text"]:
    feed = picture.feed
    since = f" for {age_text(feed.since_seconds)}" if feed.state == "connected" else ""
    age = feed.message_age_seconds
    message = "none yet" if age is None else f"{age_text(age)} ago"
    first = _line(
        ("Feed   ", "bold"),
        (f"{feed.state}{since}", _STATE_STYLES[feed.state]),
        (f"   last message {message}   reconnects {feed.reconnects}", ""),
    )
    counts = (
        ("unreadable", feed.unreadable),
        ("late", feed.late),
        ("revised", feed.revised),
        ("refused", feed.refused),
        ("duplicate", feed.duplicate),
    ) + ((("missing", feed.missing),) if feed.missing else ())
    second = _line(("       ", ""))
    for name, number in counts:
        second.append(f"{name} {count(number)}   ", "yellow" if number and name != "duplicate" else _DIM)
    if feed.trouble:
        second.append(one_line(feed.trouble), _DIM)
    return [first, second]


def _steps(picture: SessionPicture) -> "Text":
    steps = picture.steps
    last = "none yet" if steps.last_ms is None else _clock(steps.last_ms)
    return _line(
        ("Steps  ", "bold"),
        (f"last {last}  delay {_milliseconds(steps.delay_seconds)}", ""),
        (f" (p99 {_milliseconds(steps.delay_p99_seconds)})", _DIM),
        (f"  open boundaries {steps.open_boundaries}", "yellow" if steps.open_boundaries > 1 else ""),
        (f"  steps {count(steps.steps)}, candles {count(steps.candles)}", _DIM),
    )


def _account(picture: SessionPicture, width: int) -> list["Text"]:
    money = picture.account
    first = _line(("Equity ", "bold"), (amount(money.equity), "bold"))
    if money.live_equity is not None:
        first.append(f"   ~{amount(money.live_equity)} forming", _DIM)
    first.append(f"   balance {amount(money.balance)}   realized ")
    first.append(amount(money.realized_pnl), _tone(money.realized_pnl))
    first.append(f"   trades {money.trades}, won {money.won}")
    second = _line(("       today ", ""), (amount(money.daily_pnl), _tone(money.daily_pnl)))
    second.append(f"   daily loss {_share(money.daily_loss)} of {_share(money.max_daily_loss)}")
    second.append(f"   drawdown {_share(money.drawdown)} of {_share(money.max_drawdown)}")
    lines = [first, second]
    if money.margin is not None:
        third = _line(("       margin ", ""), (amount(money.margin), ""), ("   funding ", ""))
        third.append(amount(money.funding or 0.0), _tone(money.funding or 0.0))
        lines.append(third)
    if picture.curve:
        scale = f" {amount(min(picture.curve))} to {amount(max(picture.curve))}"
        drawn = sparkline(picture.curve, max(10, width - 7 - len(scale)))
        up = picture.curve[-1] >= picture.curve[0]
        lines.append(_line(("       ", ""), (drawn, _GOOD if up else _BAD), (scale, _DIM)))
    return lines


def _positions(lines: Sequence[PositionLine], width: int) -> "RenderableType":
    from rich.table import Table
    from rich.text import Text

    wide, margined = width >= WIDE, any(one.margin is not None for one in lines)
    table = Table(box=None, pad_edge=False, padding=(0, 2 if wide else 1, 0, 0), header_style="dim")
    for name in ("Symbol", "Side"):
        table.add_column(name, no_wrap=True)
    numbers = [*(["Quantity"] if wide else []), "Entry", "Mark", "PnL", "Stop", "Target"]
    numbers += ["Liquidation", *(["Margin", "Funding"] if wide else [])] if margined else []
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("Inside the candle", no_wrap=True)
    for one in lines:
        sign = "~" if one.forming else ""
        cells = [
            *([Text(f"{one.quantity:.8g}")] if wide else []),
            Text(price_text(one.entry)),
            Text(sign + price_text(one.mark)),
            Text(sign + amount(one.pnl), _tone(one.pnl)),
            Text(price_text(one.stop) + ("t" if one.trailed else "")),
            Text(_targets_text(one.targets)),
        ]
        if margined:
            margin = "-" if one.margin is None else amount(one.margin)
            money = [Text(margin), Text(amount(one.funding), _tone(one.funding))] if wide else []
            cells += [Text(price_text(one.liquidation)), *money]
        touched = f"{one.touched} touched" if one.touched else ""
        table.add_row(Text(one_line(one.symbol)), Text(one.side), *cells, Text(touched, "bold yellow"))
    return table


def _targets_text(targets: Sequence[float]) -> str:
    """Return the nearest target, and how many more rungs stand behind it."""
    more = f" +{len(targets) - 1}" if len(targets) > 1 else ""
    return price_text(targets[0] if targets else None) + more


def _waiting(lines: Sequence[OrderLine]) -> "RenderableType":
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(5):
        table.add_column(no_wrap=True)
    for one in lines:
        table.add_row(
            Text(one_line(one.symbol)),
            Text(f"#{one.order_id} {one_line(one.what)}"),
            Text("" if one.quantity is None else f"{one.quantity:.8g}"),
            Text(_order_text(one)),
            Text("" if one.deadline_ms is None else f"until {_clock(one.deadline_ms)}", _DIM),
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


def _event(event: SessionEvent) -> "Text":
    style = {"warning": "yellow", "info": ""}[event.severity]
    if event.name == "refused":
        style = _DIM
    elif "realized_pnl" in event.fields:
        style = _BAD if event.fields["realized_pnl"].startswith("-") else _GOOD
    about = "" if event.symbol is None else f"{one_line(event.symbol)}  "
    name = event.name.replace("_", " ")
    when = event.time[5:16].replace("T", " ")
    return _line((f"{when}  ", _DIM), (f"{name}  {about}{_said(event)}", style))


def _said(event: SessionEvent) -> str:
    """Return an event's fields in few words."""
    fields = {name: one_line(value) for name, value in event.fields.items()}
    if event.name == "refused":
        closing = f", closes with #{fields['close_order_id']}" if "close_order_id" in fields else ""
        return f"{fields['direction']}  {fields['reason']} ({fields['gate']}){closing}"
    if event.name in ("open", "close"):
        result = f"  {fields['realized_pnl']}" if "realized_pnl" in fields else ""
        return f"{fields['side']}  {fields['quantity']} at {fields['price']}  {fields['reason']}{result}"
    return "  ".join(f"{name} {value}" for name, value in fields.items())


def _rule(title: str, width: int, note: str) -> "Text":
    text = _line((f"── {title} ", "bold cyan"), ("─" * max(0, width - len(title) - 5 - len(note)), "cyan"))
    return text.append(f" {note}" if note else "─", _DIM if note else "cyan")


def _line(*parts: tuple[str, str]) -> "Text":
    from rich.text import Text

    return Text.assemble(*parts, no_wrap=True, overflow="ellipsis")


def _fitting(lines: Sequence[Line], room: int) -> tuple[Sequence[Line], int]:
    """Return the lines that fit and how many do not."""
    return lines[:room], max(0, len(lines) - room)


def _more(hidden: int, picture: SessionPicture) -> str:
    notes: Iterable[str] = (
        f"{hidden} more" if hidden else "",
        "~ forming: shown, not acted on before the close" if any(one.forming for one in picture.positions) else "",
    )
    return ", ".join(filter(None, notes))


def _clock(time_ms: int) -> str:
    return format_ms(time_ms)[:19].replace("T", " ")


def _milliseconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{1_000 * seconds:.1f} ms"


def _share(fraction: float) -> str:
    return f"{100 * fraction:.2f} %"


def _tone(value: float) -> str:
    return _GOOD if value > 0 else _BAD if value < 0 else ""
