"""What the description of the interface says once for all routes."""

from typing import Any

from dashboard.problems import MEDIA_TYPE, Problem

VERSION = "1"
TITLE = "Live-parity harness"
SUMMARY = "Backtests, searches, live paper sessions and what is stored of them."
DESCRIPTION = """\
Every answer is JSON. Money and prices that are exact are text (`"10000.5"`), figures are numbers, times are ISO 8601 in
UTC with milliseconds. What goes wrong is `application/problem+json` with the sentence that the command would have
printed. Every request needs the token: a header `Authorization: Bearer TOKEN`, or the cookie that the printed address
sets. Nothing changes on GET.
"""


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return how a route's refusals are described: those of every route, and the given ones."""
    return {
        status: {"model": Problem, "description": "what went wrong", "content": {MEDIA_TYPE: {}}}
        for status in sorted({400, 401, 403, 421, 422, 429, 503, *statuses})
    }
