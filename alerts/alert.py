"""An alert: what happened, once, as a value that is known again when it is sent again."""

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple, Self, get_args

import msgspec

from core.instants import format_ms
from core.plain_text import escaped, escaped_lines

Kind = Literal[
    "start", "stop", "fill", "halt", "kill_switch", "refusal_storm", "program_halted", "program_problem", "feed_lost",
    "feed_back", "parity_broken", "day_summary", "job_done", "job_failed", "test",
]  # fmt: skip
Severity = Literal["info", "warning", "critical"]

KINDS: tuple[Kind, ...] = get_args(Kind)
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""From the least to the gravest."""

OWN_FIELDS = ("id", "kind", "severity", "time", "title", "text", "session", "system", "symbol", "strategy")
FACTS = (
    "action", "side", "quantity", "price", "reason", "order_id", "realized_pnl", "balance", "equity", "change",
    "trades", "won", "refusals", "steps", "detail", "by", "job", "failure",
)  # fmt: skip
"""What alerts may tell beside their sentences; each has those that belong to its kind."""

_ID_BYTES = 12


class Origin(NamedTuple):
    """Where an alert comes from: by session (or what else made it), event time and number it is known again.

    ``sequence`` counts what the source has told by then; ``system`` is a member of a portfolio, or what a job is of.
    """

    session: str
    time_ms: int
    sequence: int = 0
    system: str = ""
    symbol: str = ""
    strategy: str = ""


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a person wants to hear of.

    Attributes
    ----------
    id
        A function of session, kind, event time and sequence: what is sent again, or made again from the same journal,
        has the same.
    time_ms
        When it happened: the exchange's time for a session, the machine's for a job.
    facts
        Plain texts by the names of :data:`FACTS`.
    """

    id: str
    kind: Kind
    severity: Severity
    time_ms: Annotated[int, msgspec.Meta(ge=0, lt=253_402_300_800_000)]
    title: str
    text: str
    session: str = ""
    system: str = ""
    symbol: str = ""
    strategy: str = ""
    sequence: int = 0
    facts: dict[str, str] = {}

    @classmethod
    def of(
        cls,
        kind: Kind,
        severity: Severity,
        origin: Origin,
        title: str,
        text: str = "",
        facts: Mapping[str, object] | None = None,
    ) -> Self:
        """Return the alert of what happened; its texts are plain, whatever they quote."""
        return cls(
            id=_id_of(origin.session, kind, str(origin.time_ms), str(origin.sequence)),
            kind=kind,
            severity=severity,
            time_ms=origin.time_ms,
            title=escaped(title),
            text=escaped_lines(text),
            session=origin.session,
            system=origin.system,
            symbol=origin.symbol,
            strategy=origin.strategy,
            sequence=origin.sequence,
            facts={name: escaped(value) for name, value in (facts or {}).items()},
        )

    def fields(self) -> dict[str, str]:
        """Return every field that a template may name; what does not belong to this kind is empty."""
        own = {"time": format_ms(self.time_ms)} | {
            name: escaped(getattr(self, name)) if name != "text" else self.text for name in OWN_FIELDS if name != "time"
        }
        return dict.fromkeys(FACTS, "") | self.facts | own

    def plain(self) -> dict[str, Any]:
        """Return it as JSON can say it."""
        return {name: getattr(self, name) for name in OWN_FIELDS if name != "time"} | {
            "time": format_ms(self.time_ms),
            "sequence": self.sequence,
            "facts": self.facts,
        }


def broken_parity(session: str, verdict: str, found_ms: int) -> Alert:
    """Return the alert of a session whose parity is broken, as a check has found at a time of the machine."""
    origin = Origin(session, found_ms)
    title = f"{session}: its parity is broken"
    return Alert.of("parity_broken", "critical", origin, title, verdict, {"detail": verdict})


def gravity(severity: Severity) -> int:
    """Return the place of a severity, 0 for the least."""
    return SEVERITIES.index(severity)


def joint_id(ids: tuple[str, ...]) -> str:
    """Return the id of a message of several alerts; that of one is the alert's."""
    return ids[0] if len(ids) == 1 else _id_of(*ids)


def _id_of(*parts: str) -> str:
    digest = hashlib.blake2b(digest_size=_ID_BYTES)
    for part in parts:
        content = part.encode("utf-8", "surrogatepass")
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()
