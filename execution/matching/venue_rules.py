"""The rules of one paper venue: how orders meet candles, and what margin positions need."""

import functools
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

import msgspec

from core.exact import ONE, ZERO, received
from core.instrument import Instrument
from execution.money.margin import MarginTable, table_of

if TYPE_CHECKING:
    from execution.execution_settings import ExecutionSettings


class Rung(msgspec.Struct, frozen=True):
    """One rung of the take-profit ladder: its share of the quantity, its distance in stop distances."""

    fraction: Decimal
    distance: Decimal


class PerpetualRules(msgspec.Struct, frozen=True):
    """Isolated margin of perpetual contracts, by symbol as it is configured.

    ``table_of`` returns the margin table by which positions stand under given trading rules.
    """

    leverages: Mapping[str, Decimal]
    tables: dict[str, MarginTable]
    liquidation_fee: Decimal = ZERO
    mark_triggers_stops: bool = False
    table_of: Callable[[Instrument], MarginTable] | None = None

    def renew_table(self, symbol: str, instrument: Instrument) -> None:
        """Take the margin table of trading rules that come into force."""
        if self.table_of is not None:
            self.tables[symbol] = self.table_of(instrument)

    def leverage(self, symbol: str) -> Decimal:
        """Return a symbol's leverage; 1 where none is set."""
        return self.leverages.get(symbol, ONE)


class VenueRules(msgspec.Struct, frozen=True):
    """Everything that decides when and how far an order fills; see docs/venue.md.

    ``trailing_fraction`` is the distance, as a fraction of the close, at which the stops of positions follow it.
    ``enters_at_typical`` says that market entries of a session fill inside the candle, at its typical price.
    """

    intrabar: Literal["pessimistic", "optimistic", "ohlc", "olhc"] = "pessimistic"
    limit_fill: Literal["through", "touch", "probability"] = "through"
    limit_fill_probability: float = 0.5
    limit_fill_seed: int = 0
    volume_cap: Decimal | None = None
    latency_ms: int = 0
    ladder: tuple[Rung, ...] = ()
    break_even_after: int | None = None
    perpetual: PerpetualRules | None = None
    trailing_fraction: Decimal | None = None
    enters_at_typical: bool = False


def venue_rules_of(
    settings: "ExecutionSettings", instruments: Mapping[str, Instrument], trailing_fraction: Decimal | None = None
) -> VenueRules:
    """Return the rules that settings describe, for the symbols whose trading rules are given."""
    perpetual = None
    if settings.perpetual is not None:
        own = settings.perpetual
        perpetual = PerpetualRules(
            {symbol: received(own.leverage_of(symbol)) for symbol in instruments},
            {symbol: table_of(own, instrument) for symbol, instrument in instruments.items()},
            received(own.liquidation_fee),
            own.stop_trigger == "mark",
            functools.partial(table_of, own),
        )
    return VenueRules(
        # Finer candles decide by themselves; inside one of them the pessimistic reading holds.
        intrabar="pessimistic" if settings.intrabar == "detail" else settings.intrabar,
        limit_fill=settings.limit_fill,
        limit_fill_probability=settings.limit_fill_probability,
        limit_fill_seed=settings.limit_fill_seed,
        volume_cap=None if settings.volume_cap is None else received(settings.volume_cap),
        latency_ms=settings.latency_ms,
        ladder=tuple(Rung(received(rung.fraction), received(rung.distance)) for rung in settings.exits.ladder),
        break_even_after=settings.exits.break_even_after,
        perpetual=perpetual,
        trailing_fraction=trailing_fraction,
        enters_at_typical=settings.entry_fill == "next_typical",
    )
