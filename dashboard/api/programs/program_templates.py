"""Programs to begin from: the examples that come along."""

import ast
from functools import cache
from pathlib import Path

from fastapi import APIRouter
from pydantic import BaseModel, Field

from strategies.programs.sandbox.program_check import check_program

EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "programs"
"""Where they lie beside the packages; an installation without them offers none."""

routes = APIRouter(tags=["programs"])


class TemplateView(BaseModel):
    """A program to begin from."""

    name: str = Field(examples=["rsi_pool"])
    title: str = Field(description="What it does, in a sentence.")
    text: str


@routes.get("/program-templates")
def templates() -> list[TemplateView]:
    """List the example programs, with their texts: to begin from."""
    return list(_sound_examples())


@cache
def _sound_examples() -> tuple[TemplateView, ...]:
    """Return the examples but for those that are there to be found wrong."""
    found = []
    for path in sorted(EXAMPLES.glob("*.py")):
        text = path.read_text(encoding="utf-8")
        if all(one.level != "error" for one in check_program(text)):
            title = (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]
            found.append(TemplateView(name=path.stem, title=title, text=text))
    return tuple(found)
