"""One message of a stream."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from core.instants import format_ms

GAP = "gap"
"""The kind of a message that says: what was between is not to be had any more; read the state anew, and go on."""

_DATA, _END = b"\ndata: ", b"\n\n"
_encode = msgspec.json.Encoder(decimal_format="string").encode


class Told(NamedTuple):
    """What a message says, before it has a number."""

    topic: str
    kind: str
    time_ms: int
    data: Mapping[str, Any] | msgspec.Raw
    is_state: bool = False


class Event(msgspec.Struct, frozen=True):
    """A message under its number; ``frame`` is what is sent of it as a server-sent event, made once for all clients.

    ``mark`` names it for a client that comes back; ``is_state`` says that a later one of the same topic and kind makes
    it worthless.
    """

    seq: int
    topic: str
    kind: str
    mark: str
    frame: bytes
    is_state: bool = False

    @property
    def text(self) -> bytes:
        """Its JSON."""
        return self.frame[self.frame.index(_DATA) + len(_DATA) : -len(_END)]

    @classmethod
    def of(cls, start: str, seq: int, told: Told) -> "Event":
        """Return an event of what it tells, under its number since a start of the server."""
        mark, topic, kind = f"{start}-{seq}", told.topic, told.kind
        said = {"id": mark, "seq": seq, "topic": topic, "kind": kind, "time": format_ms(told.time_ms)}
        text = _encode({**said, "data": told.data})
        frame = b"id: %b\nevent: %b%b%b%b" % (mark.encode(), kind.encode(), _DATA, text, _END)
        return cls(seq, topic, kind, mark, frame, told.is_state)
