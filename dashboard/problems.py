"""What goes wrong, as ``application/problem+json`` (RFC 9457), in the sentences of the commands."""

import logging
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from core.errors import (
    CandleError,
    ConfigurationError,
    DataUnavailableError,
    FeedError,
    HarnessError,
    ParityError,
    StoreError,
    StrategyError,
)
from core.plain_text import escaped_lines

MEDIA_TYPE = "application/problem+json"
NO_JSON = "body: cannot be read — allowed: JSON in UTF-8"
_log = logging.getLogger(__name__)

_STATUSES: Mapping[type[HarnessError], int] = {
    ConfigurationError: 422,
    CandleError: 422,
    StrategyError: 422,
    DataUnavailableError: 409,
    ParityError: 409,
    FeedError: 502,
    StoreError: 503,
}
_TITLES: Mapping[int, str] = {
    400: "Not understood",
    401: "No token",
    403: "Not allowed",
    404: "Not found",
    405: "Not that method",
    408: "Not in time",
    409: "Not as things stand",
    413: "Too large",
    415: "Not that form",
    421: "Not this host",
    422: "Not valid",
    429: "Too many requests",
    431: "Too large",
    500: "A defect of the program",
    502: "The exchange is out of reach",
    503: "Not now",
}


class Problem(BaseModel):
    """What went wrong: ``detail`` is the sentence that a command would have printed."""

    type: str = Field("about:blank", examples=["about:blank"])
    title: str = Field(examples=["Not valid"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["timeframe: '7m' is not a timeframe — allowed: 1m, 5m, 15m, 1h, 4h, 1d"])
    problems: list[dict[str, Any]] | None = Field(
        None, description="Each wrong value by itself: where it stands, what is wrong, what is allowed."
    )


class NotFound(HarnessError):
    """What was named is not there."""


class Refused(HarnessError):
    """What was asked for cannot be done as things stand."""


class Damaged(HarnessError):
    """What was named is there, and its files cannot be read: no other request is the worse for it."""


def problem(status: int, detail: str, problems: list[dict[str, Any]] | None = None) -> JSONResponse:
    """Return the answer that says what went wrong."""
    told: dict[str, Any] = {"type": "about:blank", "title": _TITLES.get(status, "Failed"), "status": status}
    told["detail"] = escaped_lines(detail)
    if problems is not None:
        told["problems"] = [{name: escaped_lines(str(one)) for name, one in wrong.items()} for wrong in problems]
    return JSONResponse(told, status, media_type=MEDIA_TYPE)


def tell_problems(app: FastAPI) -> None:
    """Let an application answer everything that goes wrong in one form."""
    app.add_exception_handler(HarnessError, _of_program)
    app.add_exception_handler(RequestValidationError, _of_request)
    app.add_exception_handler(HTTPException, _of_framework)
    app.add_exception_handler(Exception, _of_defect)


def status_of(error: Exception) -> int:
    """Return the status of an error of the program."""
    if isinstance(error, NotFound):
        return 404
    if isinstance(error, Refused):
        return 409
    if isinstance(error, Damaged):
        return 422
    return next((status for kind, status in _STATUSES.items() if isinstance(error, kind)), 500)


async def _of_program(request: Request, error: Exception) -> Response:
    facts = getattr(error, "facts", ())
    told = [{"where": f"{one.file} {one.key}".strip(), "detail": one.line()} for one in facts] or None
    return problem(status_of(error), str(error), told)


async def _of_request(request: Request, error: Exception) -> Response:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    told = [{"where": _place(one["loc"]), "detail": str(one["msg"])} for one in found]
    lines = [f"{one['where']}: {one['detail']}" for one in told]
    return problem(422, "\n".join(lines), told)


async def _of_framework(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        return await _of_defect(request, error)
    detail = NO_JSON if error.status_code == 400 else str(error.detail)
    answer = problem(error.status_code, detail)
    answer.headers.update(error.headers or {})
    return answer


async def _of_defect(request: Request, error: Exception) -> Response:
    """Tell of a defect: the log has all of it, whoever asked only that there is one."""
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem(500, "a defect of this program: the server's log has it")


def _place(where: tuple[Any, ...]) -> str:
    """Return where a value stands: the field of the body, or the parameter."""
    named = [str(one) for one in where if one not in ("body", "query", "path")]
    return ".".join(named) or "body"
