"""The parameters of a request, read as Binance reads them."""

from collections.abc import Mapping

from practice.messages import binance_messages as messages


class BadRequest(Exception):
    """A request Binance refuses with code and text."""

    def __init__(self, refusal: tuple[int, str]) -> None:
        super().__init__(refusal[1])
        self.refusal = refusal


def asked_number(query: Mapping[str, str], name: str) -> int | None:
    """Return a whole number that was sent, None where it was not; BadRequest for anything else."""
    text = query.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal()):
        raise BadRequest(messages.illegal_parameter(name))
    return int(text)


def asked_limit(query: Mapping[str, str], usual: int, most: int) -> int:
    """Return how many rows are asked for, at most ``most``; BadRequest for none."""
    limit = asked_number(query, "limit")
    if limit is not None and limit <= 0:
        raise BadRequest(messages.illegal_parameter("limit"))
    return min(usual if limit is None else limit, most)


def asked_interval(query: Mapping[str, str]) -> str:
    """Return the interval; BadRequest where it is missing or not served."""
    interval = query.get("interval")
    if not interval:
        raise BadRequest(messages.missing_parameter("interval"))
    if interval not in messages.INTERVALS:
        raise BadRequest(messages.INVALID_INTERVAL)
    return interval
