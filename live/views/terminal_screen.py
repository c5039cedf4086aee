"""The picture of a session laid out for a terminal of a given size."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from rich.console import Group, RenderableType
from rich.text import Text

from live.views.session_events import SessionEvent
from live.views.session_picture import PriceLine, SessionPicture
from live.views.sparkline import sparkline
from live.views.terminal_tables import BAD, DIM, GOOD, clock_text, orders_table, positions_table, price_text, tone
from reports.console.number_text import amount, count, one_line

Line = TypeVar("Line")

MOST_PRICE_LINES = 4
"""Lines of prices while there is no position."""

_STATE_STYLES = {"connected": "green", "connecting": "yellow", "stale": "yellow", "disconnected": "bold red"}
_ALARM = "bold white on red"


def screen(picture: SessionPicture, width: int, height: int) -> RenderableType:
    """Return what the terminal shows, cut so that everything of weight fits into ``height`` lines.

    Recent events take what positions and waiting orders leave, and at least three lines.
    """
    head = [_title(picture, width), *_alarms(picture), *_feed(picture), *_steps(picture), *_account(picture, width)]
    head += _watched(picture) + _alerts(picture)
    room = max(4, height - len(head) - 3 - 4)
    positions, more = _fitting(picture.positions, max(2, room * 2 // 3))
    waiting, more_waiting = _fitting(picture.waiting, max(2, room // 3))
    blocks: list[RenderableType] = [*head, _rule("Positions", width, _more(more, picture))]
    flat = [] if positions else _flat(picture, width)
    blocks += flat or [positions_table(positions, width)]
    blocks.append(_rule("Orders", width, f"{more_waiting} more" if more_waiting else ""))
    blocks.append(orders_table(waiting) if waiting else _line(("none", DIM)))
    used = len(head) + 3 + (len(flat) or len(positions) + 1) + max(1, len(waiting))
    refusals = ", ".join(f"{one_line(reason)} {number}" for reason, number in picture.refusals)
    blocks.append(_rule("Recent", width, f"refused: {refusals}" if refusals else ""))
    lines = max(3, height - used)
    recent = list(picture.events)[-lines:]
    blocks += [_event(one) for one in reversed(recent)] or [_line(("nothing decided yet", DIM))]
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


def _title(picture: SessionPicture, width: int) -> Text:
    now = "exchange time unknown" if picture.exchange_ms is None else clock_text(picture.exchange_ms)
    right = f"{now}  up {age_text(picture.uptime_seconds)}"
    name, strategy = one_line(picture.session), one_line(picture.strategy)
    # The longest description that fits; a session's own name usually says exchange and timeframe too.
    for what in (f"{picture.exchange} {picture.timeframe}  {strategy}  {picture.mode}", f"{strategy}  {picture.mode}"):
        if len(name) + len(what) + len(right) + 4 <= width:
            break
    else:
        what = picture.mode
    space = max(2, width - len(name) - 2 - len(what) - len(right))
    return _line((name, "bold"), (f"  {what}", ""), (" " * space + right, DIM))


def _alarms(picture: SessionPicture) -> list[Text]:
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


def _feed(picture: SessionPicture) -> list[Text]:
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
        second.append(f"{name} {count(number)}   ", "yellow" if number and name != "duplicate" else DIM)
    if feed.trouble:
        second.append(one_line(feed.trouble), DIM)
    return [first, second]


def _steps(picture: SessionPicture) -> list[Text]:
    steps = picture.steps
    last = "none yet" if steps.last_ms is None else clock_text(steps.last_ms)
    waits = [_line((f"       {one_line(steps.waits_for)}", "yellow"))] if steps.waits_for else []
    line = _line(
        ("Steps  ", "bold"),
        (f"{count(steps.steps)}, candles {count(steps.candles)}", ""),
        (f"  last {last}  delay {_milliseconds(steps.delay_seconds)}", ""),
        (f" (p99 {_milliseconds(steps.delay_p99_seconds)})", DIM),
        (f"  open boundaries {steps.open_boundaries}", "yellow" if steps.open_boundaries > 1 else ""),
    )
    return [line, *waits]


def _account(picture: SessionPicture, width: int) -> list[Text]:
    money = picture.account
    first = _line(("Equity ", "bold"), (amount(money.equity), "bold"))
    if money.live_equity is not None:
        first.append(f"   ~{amount(money.live_equity)} forming", DIM)
    first.append(f"   balance {amount(money.balance)}   realized ")
    first.append(amount(money.realized_pnl), tone(money.realized_pnl))
    first.append(f"   trades {money.trades}, won {money.won}" + (f", even {money.even}" if money.even else ""))
    second = _line(("       today ", ""), (amount(money.daily_pnl), tone(money.daily_pnl)))
    second.append(f"   daily loss {_share(money.daily_loss)} of {_share(money.max_daily_loss)}")
    second.append(f"   drawdown {_share(money.drawdown)} of {_share(money.max_drawdown)}")
    lines = [first, second]
    if money.margin is not None:
        third = _line(("       margin ", ""), (amount(money.margin), ""), ("   funding ", ""))
        third.append(amount(money.funding or 0.0), tone(money.funding or 0.0))
        lines.append(third)
    if picture.curve:
        scale = f" {amount(min(picture.curve))} to {amount(max(picture.curve))}"
        drawn = sparkline(picture.curve, max(10, width - 7 - len(scale)))
        up = picture.curve[-1] >= picture.curve[0]
        lines.append(_line(("       ", ""), (drawn, GOOD if up else BAD), (scale, DIM)))
    return lines


def _watched(picture: SessionPicture) -> list[Text]:
    """Return the last prices of what is watched and not traded, in one line; nothing without any."""
    if not picture.watched:
        return []
    line = _line(("Watched ", "bold"))
    for one in picture.watched:
        age = "" if one.closed_ms is None else f" at {clock_text(one.closed_ms)[11:16]}"
        line.append(f"{one_line(one.name)} {price_text(one.price)}").append(f"{age}   ", DIM)
    return [line]


def _alerts(picture: SessionPicture) -> list[Text]:
    """Return the channels that fail, or have lost something; those that fare well need no line."""
    lines = []
    for one in picture.alerts:
        if one.trouble or one.lost:
            since = "" if one.failing_seconds is None else f" for {age_text(one.failing_seconds)}"
            said = f"{one_line(one.trouble)}{since}" if one.trouble else "well"
            counts = f"   waiting {count(one.waiting)}   lost {count(one.lost)}"
            lines.append(_line(("Alerts ", "bold"), (f"{one.name}: {said}", "yellow"), (counts, DIM)))
    return lines


def _flat(picture: SessionPicture, width: int) -> list[Text]:
    """Return what is shown while there is no position: when something may happen, how to stop, and prices."""
    first = _line(("none", DIM))
    if picture.next_close_ms is not None and picture.exchange_ms is not None:
        left_s = (picture.next_close_ms - picture.exchange_ms) / 1_000
        first.append(f"   next close {clock_text(picture.next_close_ms)[11:]}, in {age_text(left_s)}")
    first.append("   stop with Ctrl-C", DIM)
    lines, cells = [first], [_price(one) for one in picture.prices]
    columns = max(1, (width + 3) // (max(map(len, cells), default=width) + 3))
    for place in range(0, min(len(cells), MOST_PRICE_LINES * columns), columns):
        row = cells[place : place + columns]
        lines.append(_line(("   ".join(cell.ljust(max(map(len, cells))) for cell in row).rstrip(), "")))
    if (hidden := len(cells) - MOST_PRICE_LINES * columns) > 0:
        lines[0].append(f"   {hidden} more prices", DIM)
    return lines


def _price(one: PriceLine) -> str:
    return f"{one_line(one.symbol)} {'~' if one.forming else ''}{price_text(one.price)}"


def _event(event: SessionEvent) -> Text:
    style = {"warning": "yellow", "info": ""}[event.severity]
    if event.name == "refused":
        style = DIM
    elif "realized_pnl" in event.fields:
        style = BAD if event.fields["realized_pnl"].startswith("-") else GOOD
    about = "" if event.symbol is None else f"{one_line(event.symbol)}  "
    name = event.name.replace("_", " ")
    when = event.time[5:16].replace("T", " ")
    return _line((f"{when}  ", DIM), (f"{name}  {about}{_said(event)}", style))


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


def _rule(title: str, width: int, note: str) -> Text:
    text = _line((f"── {title} ", "bold cyan"), ("─" * max(0, width - len(title) - 5 - len(note)), "cyan"))
    return text.append(f" {note}" if note else "─", DIM if note else "cyan")


def _line(*parts: tuple[str, str]) -> Text:
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


def _milliseconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{1_000 * seconds:.1f} ms"


def _share(fraction: float) -> str:
    return f"{100 * fraction:.2f} %"
