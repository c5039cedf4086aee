"""What a result says about entries, exits, the venue and trading rules, as facts; only what happened is said."""

from collections.abc import Callable, Iterator, Mapping

from reports.console.contract_lines import contracts
from reports.console.facts import Fact, Result, Section, named, tone_of
from reports.console.number_text import count, is_positive, mapping_at, one_line, per_cent

Money = Callable[[object], str]


def orders(config: Result) -> list[Fact]:
    """Say which orders signals become, and which settings of the venue are not the usual ones."""
    facts = named(config, (("Entry fill", "entry_fill", one_line),))
    kind = config.get("entry_order", "market")
    if kind != "market":
        facts = [Fact("Entries", ", ".join(_entry_words(config)))]
    venue = ", ".join(_setting_words(mapping_at(config, "venue")))
    return [*facts, Fact("Venue", venue)] if venue else facts


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
    return facts + contracts(symbols)


def _entry_words(config: Result) -> Iterator[str]:
    offset = config.get("entry_offset")
    away = f" at {_plain(100 * offset)} % from the close" if isinstance(offset, int | float) else ""
    yield f"{one_line(config['entry_order'])}{away}"
    force, expiry = config.get("entry_time_in_force"), config.get("entry_expiry")
    if force == "GTD":
        yield f"good for {count(expiry)} candle{'' if expiry == 1 else 's'}"
    elif force is not None:
        yield {"GTC": "good until cancelled", "IOC": "good for one open"}.get(str(force), one_line(force))
    if config.get("post_only"):
        yield "post-only"


def _setting_words(section: Result) -> Iterator[str]:
    """Yield the settings of a section by the names that the configuration has for them."""
    for name, value in section.items():
        if isinstance(value, Mapping):
            inside = ", ".join(_setting_words(value))
            yield f"{one_line(name)} ({inside})" if inside else one_line(name)
        elif name == "ladder":
            rungs = (f"{_plain(rung.get('fraction'))} at {_plain(rung.get('distance'))}" for rung in _mappings(value))
            yield f"ladder {' + '.join(rungs)}"
        elif isinstance(value, list | tuple):
            yield f"{len(value)} {one_line(name)}"
        else:
            yield f"{one_line(name)} {_plain(value)}"


def _plain(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return f"{value:.12g}" if isinstance(value, int | float) else one_line(value)


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


def _mappings(values: object) -> list[Mapping[str, object]]:
    return [one for one in values if isinstance(one, Mapping)] if isinstance(values, list | tuple) else []
