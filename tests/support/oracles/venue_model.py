"""A slow, obvious second implementation of the venue for order streams, for tests to compare with.

One account with several symbols; every order type, time in force and flag, groups, cancel and amend, the path and limit
rules, the volume cap, fixed slippage and spread, maker and taker commission, protective orders, ladders, isolated
margin. Written from the rules alone, one function per paragraph, in fractions, without any code of the program: on each
leg of a candle every order is looked at and the nearest one acts. Its parts are ``venue_model_values``,
``venue_model_orders`` (what a client may ask), ``venue_model_fills``, ``venue_model_candle`` (one candle of one symbol)
and ``venue_model_margin``; ``venue_model_streams`` draws what is played on it. Not in it: the gap rule, funding, the
`ambiguous` flag, cost models that follow the market, stops triggered by the mark price.
"""

from tests.support.oracles.venue_model_candle import play_candle
from tests.support.oracles.venue_model_fills import equity
from tests.support.oracles.venue_model_orders import amend, cancel, submit
from tests.support.oracles.venue_model_values import ModelFill, ModelOrder, ModelPosition, ModelRules, ModelTier, Venue

__all__ = [
    "ModelFill",
    "ModelOrder",
    "ModelPosition",
    "ModelRules",
    "ModelTier",
    "Venue",
    "amend",
    "cancel",
    "equity",
    "play_candle",
    "submit",
]
