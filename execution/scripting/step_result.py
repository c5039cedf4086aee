"""What one candle did to a script's account."""

import msgspec

from core.events import Event, FundingPayment, Posting, TradeRow, Transaction


class StepResult(msgspec.Struct, frozen=True):
    """The events of one candle, in the order in which they happened."""

    events: tuple[Event, ...] = ()

    @property
    def fills(self) -> list[TradeRow]:
        """The fills as they were booked."""
        return [event for event in self.events if isinstance(event, TradeRow)]

    @property
    def liquidations(self) -> list[TradeRow]:
        """The fills that closed positions whose margin was used up."""
        return [fill for fill in self.fills if fill.reason == "liquidation"]

    @property
    def funding(self) -> list[FundingPayment]:
        """The funding payments that fell on the position."""
        return [event for event in self.events if isinstance(event, FundingPayment)]

    @property
    def postings(self) -> list[Posting]:
        """The double entries of all of them."""
        return [one for event in self.events if isinstance(event, Transaction) for one in event.postings]
