"""The front end as it is served: the modules of reports and of the dashboard, by the names that they import."""

from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable

from fastapi import APIRouter, Response

from dashboard.problems import NotFound
from reports.page.chart_library import chart_library

_TYPES = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
LIBRARY = "chart_library.js"
PAGE = "index.html"


def front_files() -> Mapping[str, tuple[bytes, str]]:
    """Return every file of the front end by its name, with its media type; modules of both packages share the names.

    A module imports another as ``front/NAME``: in a report's page that is a module in the page itself, here one below
    ``/front/``.
    """
    found: dict[str, tuple[bytes, str]] = {LIBRARY: (chart_library().encode(), _TYPES["js"])}
    for package in ("reports.front", "dashboard.front"):
        for name, file in _below(resources.files(package), ""):
            kind = name.rpartition(".")[2]
            if kind in _TYPES:
                text = file.read_text(encoding="utf-8")
                found[name] = (text.replace('from "front/', 'from "/front/').encode(), _TYPES[kind])
    return found


def front_routes() -> APIRouter:
    """Return the routes of the page and of what it is made of; their files are read once, and no other is served."""
    routes = APIRouter(include_in_schema=False)
    files = front_files()
    page = resources.files("dashboard.front").joinpath(PAGE).read_text(encoding="utf-8")

    @routes.get("/")
    def opened() -> Response:
        return Response(page, media_type="text/html")

    @routes.get("/front/{name:path}")
    def front(name: str) -> Response:
        if name not in files:
            raise NotFound(f"front/{name} is no file of the front end")
        body, kind = files[name]
        return Response(body, media_type=kind)

    return routes


def _below(folder: Traversable, head: str) -> list[tuple[str, Traversable]]:
    found = []
    for one in sorted(folder.iterdir(), key=lambda one: one.name):
        if one.is_dir():
            found += _below(one, f"{head}{one.name}/")
        else:
            found.append((f"{head}{one.name}", one))
    return found
