"""Every field of a result stands in its JSON, and on the console too unless it is named here."""

import unittest
from collections.abc import Iterator

import msgspec

from reports import render, to_json
from runs.documents.program_result import ProgramResult
from runs.documents.run_result import RunResult, Transferred
from runs.documents.symbol_result import Rung, TagResult
from tests.unit.reports.result_example import contract, example_result, rules, symbol_result, watched_input

JSON_ALONE = {
    "config.starting_balance",  # performance has it
    "config.entry_fill",  # said of market entries
    "statistics.orders_rejected", "statistics.orders_expired", "statistics.orders_cancelled",  # their reasons add up
    "statistics.break_even_exits", "statistics.time_stops",  # exits has them by reason
    "statistics.ambiguous_bound",
    "statistics.ladder.quantity",
    "performance.total_return",  # said in per cent
    "symbols.exits", "symbols.liquidations", "symbols.ladder", "symbols.funding_net",  # said of the whole account
    "symbols.warmup_candles", "symbols.warmup_missing",  # warnings say what is missing, and what the ends lack
    "symbols.candles_from", "symbols.candles_to", "symbols.missing_before", "symbols.missing_after",
    "symbols.instrument.min_quantity", "symbols.instrument.max_quantity",
    "symbols.instrument.band_down", "symbols.instrument.band_up",
    "symbols.rule_changes.min_quantity", "symbols.rule_changes.max_quantity", "symbols.rule_changes.later_than_start",
    "symbols.rule_changes.band_down", "symbols.rule_changes.band_up",
    "symbols.detail_candles",
    "transfers",  # the page of the portfolio has them
    "watched.canonical", "watched.timeframe", "watched.warmup_candles",
    "watched.missing_candles", "watched.missing_before", "watched.missing_after",  # warnings say it
    "watched.candles_from", "watched.candles_to",
    "symbols.perpetual.open_interest_gaps",
    "symbols.perpetual.mark_candles", "symbols.perpetual.funding_without_mark", "symbols.perpetual.funding_step_hours",
}  # fmt: skip


def whole_result() -> RunResult:
    """Return a result in which every field is there."""
    rung = Rung(rung=1, fills=2, reached_pct=50.0, quantity=1.0, realized_pnl=3.0)
    tag = TagResult(tag="breakout", trades=3, winning_trades=2, realized_pnl=4.0)
    terms = contract(
        funding_mark="mark-1m", funding_without_mark=1, funding_step_hours=[8.0], funding_missing=["a"],
        funding_late=[],
        open_interest="open-interest-5m", open_interest_rows=3, open_interest_missing=2, open_interest_gaps=["b"],
    )  # fmt: skip
    bounds = rules(max_quantity="9", band_down="0.5", band_up="2", later_than_start=True)
    symbol = symbol_result(
        candles=3, candles_from="a", candles_to="b", detail_candles=5, missing_detail_candles=2, instrument=bounds,
        rule_changes=[bounds], perpetual=terms, ladder=[rung], buy_and_hold_return_pct=1.0,
    )  # fmt: skip
    resting = {"entry_order": "limit", "entry_offset": 0.1, "entry_time_in_force": "GTD", "entry_expiry": 3}
    return example_result(
        config={**resting, "post_only": True, "ran_to": "c", "detail_interval": "1m"},
        statistics={"ladder": [rung], "tags": [tag], "partial_fills": 2, "funding_payments": 3},
        performance={"liquidation_fees": 1.0, "calmar_ratio": 1.0},
        symbols={"BTC/USDT": symbol},
        watched={"ETH/BTC 1h": watched_input()},
        program=ProgramResult(
            success=False,
            error="line 3: KeyError: 'x'",
            halted_at="d",
            calls=7,
            signal_triggers=4,
            scheduled_triggers=3,
            decisions={"hold": 7},
            problems={"error": 5},
            unwoken=["x"],
        ),
        transfers=[Transferred(time="d", amount=1.0, equity=2.0)],
        partial=True,
        run_id="0123456789abcdef",
        strategy_sha256="5" * 64,
    )


def other(value: object) -> object:
    """Return another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return {"limit": "stop", "GTD": "GTC", "last": "mark"}.get(value, f"{value}x")
    if isinstance(value, int | float):
        return value + 1
    return {**value, "another": 7} if isinstance(value, dict) else [*value, "another"]


def variants(value: msgspec.Struct, place: str = "") -> Iterator[tuple[str, msgspec.Struct]]:
    """Yield every field's place, and the value with that field alone changed."""
    for name in value.__struct_fields__:
        at, found = f"{place}{name}", getattr(value, name)
        if isinstance(found, msgspec.Struct):
            changed = variants(found, f"{at}.")
        elif name in ("symbols", "watched") and isinstance(found, dict):
            ((symbol, one),) = found.items()
            changed = ((inside, {symbol: new}) for inside, new in variants(one, f"{at}."))
        elif isinstance(found, list) and found and isinstance(found[0], msgspec.Struct):
            changed = ((inside, [new]) for inside, new in variants(found[0], f"{at}."))
        else:
            changed = iter([(at, other(found))])
        yield from ((inside, msgspec.structs.replace(value, **{name: new})) for inside, new in changed)


def is_under(place: str, names: set[str]) -> bool:
    """Whether a place is one of these fields, or inside one."""
    return any(place == name or place.startswith(f"{name}.") for name in names)


class EveryField(unittest.TestCase):
    def test_a_changed_field_changes_the_text(self) -> None:
        whole = whole_result()
        plain, text = render(whole, rich_output=False), to_json(whole)
        unsaid = set()
        for place, changed in variants(whole):
            with self.subTest(place):
                self.assertNotEqual(to_json(changed), text)
            if render(changed, rich_output=False) == plain:
                unsaid.add(place)
        self.assertEqual({place for place in unsaid if not is_under(place, JSON_ALONE)}, set())
        self.assertEqual({name for name in JSON_ALONE if not any(is_under(place, {name}) for place in unsaid)}, set())


if __name__ == "__main__":
    unittest.main()
