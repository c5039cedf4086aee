"""What a result says about exits, trading rules and perpetual contracts, as facts; only what happened is said."""

from collections.abc import Callable, Iterator, Mapping

from reports.facts import Fact, Result, Section, named, tone_of
from reports.figures import amount, count, is_positive, mapping_at, one_line, per_cent

Money = Callable[[object], str]


def exits(result: Result) -> Section:
    """Return how often positions were left for which reason, in whole or in part."""
    statistics = mapping_at(result, "statistics")
    reasons = mapping_at(statistics, "exits")
    counted = [(number, reason) for reason, number in reasons.items() if isinstance(number, int) and number]
    counted.sort(key=lambda pair: (-pair[0], pair[1]))
    facts = [Fact(f"Exits ({one_line(reason)})", _fills(number)) for number, reason in counted]
    symbols = mapping_at(result, "symbols")
    if any("perpetual" in mapping_at(symbols, symbol) for symbol in symbols):
        facts += named(statistics, (("Liquidations", "liquidations", count),))
    return Section("Exits", facts)


def ladder(result: Result, money: Money) -> Section:
    """Return what each rung of the take-profit ladder came to."""
    rungs = mapping_at(result, "statistics").get("ladder")
    return Section("Ladder", [_rung(rung, money) for rung in _mappings(rungs)])


def funding(result: Result, money: Money) -> list[Fact]:
    """Return what funding came to; nothing where no payment fell on a position."""
    statistics, performance = mapping_at(result, "statistics"), mapping_at(result, "performance")
    if not is_positive(statistics.get("funding_payments")):
        return []
    facts = named(
        statistics,
        (
            ("Funding payments", "funding_payments", count),
            ("Funding received", "funding_received", money),
            ("Funding paid", "funding_paid", money),
        ),
    )
    return facts + named(performance, (("Funding net", "funding_net", money),), toned=("funding_net",))


def rules(result: Result) -> list[Fact]:
    """Say for each symbol which trading rules were used, where and when they come from, and what they changed to."""
    facts = []
    symbols = mapping_at(result, "symbols")
    for symbol in symbols:
        values = mapping_at(symbols, symbol)
        own = mapping_at(values, "instrument")
        words = list(_rule_words(own))
        if own.get("later_than_start"):
            words.append("later than the start of the range")
        if words:
            facts.append(Fact(f"Trading rules {one_line(symbol)}", ", ".join(words)))
        facts += [
            Fact(f"Trading rules {one_line(symbol)} changed", ", ".join(_rule_words(change)))
            for change in _mappings(values.get("rule_changes"))
        ]
        contract = mapping_at(values, "perpetual")
        if contract:
            facts.append(Fact(f"Contract {one_line(symbol)}", ", ".join(_contract_words(contract))))
    return facts


def _fills(number: object) -> str:
    return f"{count(number)} fill{'' if number == 1 else 's'}"


def _rung(rung: Result, money: Money) -> Fact:
    words = (
        _fills(rung.get("fills")),
        f"reached by {per_cent(rung.get('reached_pct'))} of positions",
        money(rung.get("realized_pnl")),
    )
    return Fact(f"Rung {count(rung.get('rung'))}", ", ".join(words), tone_of(rung.get("realized_pnl")))


def _rule_words(own: Result) -> Iterator[str]:
    for word, key in (("tick", "tick_size"), ("lot", "lot_size"), ("minimum notional", "min_notional")):
        if own.get(key) is not None:
            yield f"{word} {one_line(own[key])}"
    if own.get("source"):
        yield one_line(own["source"])
    if own.get("as_of"):
        yield f"as of {one_line(own['as_of'])}"


def _contract_words(contract: Result) -> Iterator[str]:
    if contract.get("leverage") is not None:
        yield f"leverage {amount(contract['leverage'])}"
    if contract.get("margin_table"):
        yield f"margin by {one_line(contract['margin_table'])}"
    if contract.get("mark"):
        yield one_line(contract["mark"])
    if contract.get("funding_rates") is not None:
        yield f"{count(contract['funding_rates'])} funding rates"
    for key, words in (("funding_missing", "spans without a rate"), ("funding_late", "rates published late")):
        found = contract.get(key)
        if isinstance(found, list | tuple) and found:
            yield f"{words}: {len(found)}"


def _mappings(values: object) -> list[Mapping[str, object]]:
    return [one for one in values if isinstance(one, Mapping)] if isinstance(values, list | tuple) else []
