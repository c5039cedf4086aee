"""Lists in pages, and values as the interface writes them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel, Field

from core.instants import format_ms

MOST = 500
Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    """A part of a list."""

    items: list[Item]
    page: int = Field(examples=[1])
    pages: int = Field(examples=[3])
    total: int = Field(description="How many there are in all pages.", examples=[123])


class Paging(BaseModel):
    """Which part of a list is asked for."""

    page: int
    page_size: int

    @property
    def offset(self) -> int:
        """How many are passed over."""
        return (self.page - 1) * self.page_size

    def of(self, items: Sequence[Item], total: int) -> Page[Item]:
        """Return the page that holds some items of so many."""
        return Page(items=list(items), page=self.page, pages=max(1, -(-total // self.page_size)), total=total)

    def cut(self, items: Sequence[Item]) -> Page[Item]:
        """Return the page of all items."""
        return self.of(items[self.offset : self.offset + self.page_size], len(items))


def _paging(
    page: Annotated[int, Query(ge=1, le=1_000_000, description="Counts from 1.")] = 1,
    page_size: Annotated[int, Query(ge=1, le=MOST)] = 50,
) -> Paging:
    return Paging(page=page, page_size=page_size)


PagingOf = Annotated[Paging, Depends(_paging)]


def iso(time_ms: int | None) -> str | None:
    """Return a time as text; None stays None."""
    return None if time_ms is None else format_ms(time_ms)


def exact(value: Decimal | None) -> str | None:
    """Return an exact amount as plain text; None stays None."""
    return None if value is None else f"{value:f}"
