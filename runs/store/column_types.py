"""What the store's columns hold that databases keep in different ways: money and plain values."""

import json
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, Dialect, Text, TypeDecorator

from core.exact import plain


def json_text(value: object) -> str:
    """Return plain values as valid JSON, in their order; ValueError for nan and the infinities, which it has not."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


class Money(TypeDecorator[Decimal]):
    """An exact decimal as its one plain text, the same on every database.

    SQLite's NUMERIC is a float, which loses digits. A float is refused, as the ledger refuses it.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """Return the text of a decimal: no exponent, no trailing zeros, no negative zero."""
        if value is None:
            return None
        if not isinstance(value, Decimal):
            raise TypeError(f"money is a Decimal, not a {type(value).__name__}: {value!r}")
        if not value.is_finite():
            raise ValueError(f"money is a finite number, not {value}")
        return plain(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Decimal | None:
        """Return the decimal of a text."""
        return None if value is None else Decimal(value)


def plain_values() -> JSON:
    """Return the type of a column of plain values; None is NULL, not JSON's null."""
    return JSON(none_as_null=True)
