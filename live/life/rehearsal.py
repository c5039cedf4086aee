"""The addresses of a session's exchange: given, its own, or those of the practice exchange that is started for it."""

import contextlib
from collections.abc import Iterator
from typing import NamedTuple

from core.errors import ConfigurationError
from core.instants import format_ms, parse_instant
from engine.portfolio.traded import traded_by
from live.intake.exchange_access import Addresses
from market_data.exchanges.exchange_names import PRACTICE
from validation.composed_settings import Settings


class Rehearsal(NamedTuple):
    """How the practice exchange runs: exchange seconds a second, its time at the start, a fault script."""

    speed: float = 1.0
    start: str | None = None
    faults: str | None = None

    @property
    def asked_for(self) -> bool:
        """Whether anything differs from an exchange that runs with the wall clock."""
        return self != Rehearsal()


@contextlib.contextmanager
def exchange_addresses(
    settings: Settings, rehearsal: Rehearsal, given: Addresses, now_ms: int, last_step_ms: int | None = None
) -> Iterator[Addresses]:
    """Yield the exchange's addresses; ``exchange: practice`` without any starts the loopback exchange for as long.

    Its time begins where it is told to, else at ``now_ms``; for a session that is resumed at its last step, as if it
    had stood still.

    Raises
    ------
    ConfigurationError
        If rehearsal options are given for another exchange, an address is none, one of the two that the practice
        exchange needs is missing, the time at the start lies before a resumed session's last step, or the fault script
        is wrong.
    """
    exchange = settings.live.exchange
    _check(given, exchange)
    if exchange != PRACTICE or given.rest_url is not None:
        if rehearsal.asked_for:
            raise ConfigurationError(
                f"--speed, --practice-start and --faults are for the practice exchange that a session starts itself, "
                f"not for {given.rest_url or exchange}"
            )
        yield given
        return
    from market_data.practice.practice_market import PracticeMarket
    from practice.exchange import PracticeExchange
    from practice.exchange_options import ExchangeOptions
    from practice.faults.fault_script import FaultScript

    start_ms = now_ms if last_step_ms is None else last_step_ms
    if rehearsal.start is not None:
        start_ms = parse_instant(rehearsal.start, name="--practice-start")
        if last_step_ms is not None and start_ms < last_step_ms:
            raise ConfigurationError(
                f"--practice-start {rehearsal.start}: the session to resume got as far as {format_ms(last_step_ms)}; "
                "give that time or a later one, or leave it out to go on from there"
            )
    script = None if rehearsal.faults is None else FaultScript.from_file(rehearsal.faults)
    running = PracticeExchange(
        PracticeMarket(),
        ExchangeOptions(
            start_ms=start_ms,
            speed=rehearsal.speed,
            timeframe=settings.live.timeframe,
            streams_before_start=_streams(settings) if rehearsal.start is not None or last_step_ms is not None else 0,
            script=script,
            keep_sent=False,
        ),
    )
    with running as started:
        yield Addresses(started.rest_url, started.stream_url)


def _streams(settings: Settings) -> int:
    """Return how many streams a session subscribes to: each symbol's candles and detail candles, watched series."""
    watched = traded_by(settings).series
    return len(settings.live.symbols) * (1 if settings.live.detail_interval is None else 2) + len(watched)


def _check(given: Addresses, exchange: str) -> None:
    """Refuse addresses that can be none."""
    for option, url, schemes in (
        ("--rest-url", given.rest_url, ("http", "https")),
        ("--stream-url", given.stream_url, ("ws", "wss")),
    ):
        if url is not None and not any(url.startswith(f"{scheme}://") for scheme in schemes):
            raise ConfigurationError(
                f"{option} {url} is no address; allowed: {schemes[0]}:// or {schemes[1]}:// and a host"
            )
    if exchange == PRACTICE and (given.rest_url is None) != (given.stream_url is None):
        raise ConfigurationError(
            "--rest-url and --stream-url belong together: both name a running `python -m practice`, or neither"
        )
