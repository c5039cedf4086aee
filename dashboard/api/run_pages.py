"""What the pages of a run draw: its documents, the candles of a window, what was decided on one of them."""

from itertools import islice
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Response

from core.instants import format_ms, parse_instant
from core.symbol_spelling import symbol_key
from dashboard.api.backtests import run_of
from dashboard.api.described import refusals
from dashboard.opened_runs import OpenedRun, decisions_at, told_of
from dashboard.problems import NotFound
from dashboard.services import ServicesOf
from reports.page.coarse_candles import drawable
from reports.page.frozen_page import as_json
from reports.page.packed_columns import packed_candles
from reports.page.page_file import page_data, page_text

routes = APIRouter(prefix="/backtest", tags=["backtests"])

MOST_COMPARED = 20
_MOST_DECISIONS = 1_000
_JSON = "application/json"
_OF_PAGE: dict[int | str, dict[str, Any]] = {
    200: {"content": {_JSON: {}}, "description": "columns, as the front end draws them"}
}
Symbol = Annotated[str, Query(max_length=50, examples=["BTC/USDT"])]


@routes.get("/results/{run_id:path}/page", response_class=Response, responses={**_OF_PAGE, **refusals(404, 409)})
def page(run_id: str, services: ServicesOf) -> Response:
    """Return all that the page of a run draws, as its report page holds it."""
    opened = services.opened_runs.of(run_of(services, run_id))
    return Response(as_json(opened.page()), media_type=_JSON)


@routes.get("/compare", response_class=Response, responses={**_OF_PAGE, **refusals(404, 409)})
def compare(
    services: ServicesOf, runs: Annotated[list[str], Query(min_length=2, max_length=MOST_COMPARED)]
) -> Response:
    """Return all that a page which compares runs draws."""
    opened = [services.opened_runs.of(run_of(services, one)) for one in runs]
    with told_of(*[one.run.run_id for one in opened]):
        compared = page_data([one.run for one in opened], [one.candles for one in opened])
    return Response(as_json(compared), media_type=_JSON)


@routes.get(
    "/results/{run_id:path}/report",
    response_class=Response,
    responses={200: {"content": {"text/html": {}}, "description": "one file"}, **refusals(404, 409)},
)
def report(run_id: str, services: ServicesOf) -> Response:
    """Return the report page of a run as a file that needs no network and no server."""
    opened = services.opened_runs.of(run_of(services, run_id))
    named = attachment(f"report_{opened.run.run_id.replace('/', '_')}.html")
    return Response(page_text(opened.page()), media_type="text/html", headers={"content-disposition": named})


@routes.get("/results/{run_id:path}/candles", responses=refusals(404, 409))
def candles(
    run_id: str,
    services: ServicesOf,
    symbol: Symbol,
    start: Annotated[str | None, Query(description="Of the window that is seen, UTC.")] = None,
    end: Annotated[str | None, Query(description="Exclusive.")] = None,
    most: Annotated[int, Query(ge=10, le=50_000, description="More are joined into longer ones.")] = 5_000,
) -> dict[str, Any]:
    """Return the candles of a window as packed columns, joined where there are more than can be drawn."""
    opened = services.opened_runs.of(run_of(services, run_id))
    columns = opened.candles[_symbol(opened, symbol)]
    first, last = opened.run.window
    seen = columns.between(
        first if start is None else parse_instant(start, name="start"),
        last if end is None else parse_instant(end, name="end"),
    )
    drawn, drawn_ms = drawable(seen, opened.length_ms, most)
    return {**packed_candles(drawn), "length_ms": drawn_ms, "own_length_ms": opened.length_ms}


@routes.get("/results/{run_id:path}/decisions", responses=refusals(404, 409))
def decisions(
    run_id: str,
    services: ServicesOf,
    symbol: Symbol,
    time: Annotated[str, Query(description="Of the decision: the close of its candle, UTC.")],
    until: Annotated[str | None, Query(description="All from time to then, inclusive.")] = None,
    most: Annotated[int, Query(ge=1, le=_MOST_DECISIONS)] = _MOST_DECISIONS,
    offset: Annotated[int, Query(ge=0, le=100_000_000, description="So many of them are passed over.")] = 0,
) -> list[dict[str, Any]]:
    """Say what was decided on a candle and why: the signal with its values, each gate, and what became of the order."""
    opened = services.opened_runs.of(run_of(services, run_id))
    first = format_ms(parse_instant(time, name="time"))
    last = first if until is None else format_ms(parse_instant(until, name="until"))
    symbol = _symbol(opened, symbol, traded=True)
    return list(islice(decisions_at(opened.run, symbol, first, last), offset, offset + most))


def _symbol(opened: OpenedRun, asked: str, *, traded: bool = False) -> str:
    """Return a symbol of a run in its spelling there."""
    known = opened.run.symbols if traded else list(opened.candles)
    for one in known:
        if symbol_key(one) == symbol_key(asked):
            return one
    raise NotFound(
        f"run {opened.run.run_id}: no candles of {asked} are at hand — allowed: {', '.join(known) or 'none'}"
    )


def attachment(name: str) -> str:
    """Return the header of a file to be kept under a name of whatever signs (RFC 6266)."""
    return f"attachment; filename*=UTF-8''{quote(name, safe='')}"
