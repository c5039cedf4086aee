"""Several alerts become one message."""

from collections import Counter
from collections.abc import Sequence

from alerts.alert import Alert, Kind, gravity, joint_id
from alerts.channel import Message
from alerts.message_template import filled

MOST_LINES = 20
_PLURALS: dict[Kind, str] = {
    "start": "starts",
    "stop": "stops",
    "fill": "fills",
    "halt": "halts",
    "kill_switch": "changes of the kill switch",
    "refusal_storm": "refusal storms",
    "program_halted": "halted programs",
    "program_problem": "problems of a program",
    "feed_lost": "losses of the feed",
    "feed_back": "returns of the feed",
    "parity_broken": "broken parities",
    "day_summary": "days",
    "job_done": "jobs done",
    "job_failed": "jobs failed",
    "test": "tests",
}


def message_of(alerts: Sequence[Alert], title: str, text: str, lost: int = 0) -> Message:
    """Return the message of alerts of one session and kind, by the templates of its channel.

    One alert is told by the templates; of several the first line says how many and of which symbols, and each is a
    line below it, twenty at most.
    """
    first, ids = alerts[0], tuple(one.id for one in alerts)
    gravest = max((one.severity for one in alerts), key=gravity)
    if len(alerts) == 1:
        head, body = filled(title, first.fields()), filled(text, first.fields())
    else:
        head = _count_line(alerts)
        lines = [_line(one, title, text) for one in alerts[:MOST_LINES]]
        if len(alerts) > MOST_LINES:
            lines.append(f"and {len(alerts) - MOST_LINES} more")
        body = "\n".join(lines)
    if lost:
        body = f"{body}\n{lost} before this were lost: too many waited".lstrip("\n")
    return Message(
        id=joint_id(ids), kind=first.kind, severity=gravest, title=head, text=body, alerts=tuple(alerts), lost=lost
    )


def _count_line(alerts: Sequence[Alert]) -> str:
    symbols = Counter(one.symbol for one in alerts if one.symbol)
    of = f" ({', '.join(f'{symbol} {count}' for symbol, count in symbols.most_common(10))})" if symbols else ""
    session = f"{alerts[0].session}: " if alerts[0].session else ""
    return f"{session}{len(alerts)} {_PLURALS[alerts[0].kind]}{of}"


def _line(alert: Alert, title: str, text: str) -> str:
    head, body = filled(title, alert.fields()), filled(text, alert.fields())
    return f"{head}: {body}".replace("\n", " ") if body else head
