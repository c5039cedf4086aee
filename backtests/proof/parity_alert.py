"""Tells people of a session whose parity is broken."""

from alerts.alert import broken_parity
from alerts.loading import load_plan, open_shared_post
from core.command_line import warn
from core.errors import HarnessError


def tell_of_broken_parity(session: str, verdict: str, now_ms: int) -> None:
    """Send the alert of a broken parity where people are told of such; what hinders that is a warning.

    Parameters
    ----------
    session
        The session's name.
    verdict
        What the check found, in a line.
    now_ms
        When it found it.
    """
    try:
        with open_shared_post(load_plan(), "parity") as post:
            if post is not None:
                post.put(broken_parity(session, verdict, now_ms))
    except HarnessError as error:
        warn(f"nobody is told: {error}")
