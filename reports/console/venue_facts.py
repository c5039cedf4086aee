"""What a result says about entries, exits, the venue and trading rules, as facts; only what happened is said."""

from collections.abc import Callable, Iterator, Mapping

from msgspec import UNSET

from reports.console.contract_lines import contracts
from reports.console.facts import Fact, Section, tone_of
from reports.console.number_text import count, one_line, per_cent
from runs.documents.run_result import RunConfig, RunResult
from runs.documents.symbol_result import Rung, SymbolResult, TagResult, TradingRules

Money = Callable[[object], str]

_FORCES = {"GTC": "good until cancelled", "IOC": "good for one open"}


def orders(config: RunConfig) -> list[Fact]:
    """Say which orders signals become, and which settings of the venue are not the usual ones."""
    if config.entry_order == "market":
        facts = [Fact("Entry fill", one_line(config.entry_fill))]
    else:
        facts = [Fact("Entries", ", ".join(_entry_words(config)))]
    venue = ", ".join(_setting_words(config.venue))
    return [*facts, Fact("Venue", venue)] if venue else facts


def sizes(result: RunResult) -> Section:
    """Return which bound set how many entries' sizes, and the risk taken beside the risk asked."""
    statistics, bounds = result.statistics, by_count(result.statistics.sizes_bound_by)
    if not bounds:
        return Section("Sizes", [])
    entries = sum(number for _, number in bounds)
    return Section(
        "Sizes",
        [
            Fact("Risk asked", f"{per_cent(statistics.risk_asked_pct)} of equity"),
            Fact("Risk taken (median)", f"{per_cent(statistics.risk_taken_pct)} of equity"),
            *(
                Fact(f"Size set by {bound.replace('_', ' ')}", f"{count(number)} ({per_cent(100 * number / entries)})")
                for bound, number in bounds
            ),
        ],
    )


def sizes_in_short(result: RunResult) -> list[Fact]:
    """Say in one line which risk was asked, which was taken, and what bounded most sizes; nothing without an entry."""
    statistics, bounds = result.statistics, by_count(result.statistics.sizes_bound_by)
    if not bounds or statistics.risk_taken_pct is None:
        return []
    (bound, number), entries = bounds[0], sum(number for _, number in bounds)
    asked, taken, share = statistics.risk_asked_pct, statistics.risk_taken_pct, 100.0 * number / entries
    words = f"{bound.replace('_', ' ')} bound {share:.3g} % of entries"
    return [Fact("Sizes", f"risk asked {asked:.2g} %, median taken {taken:.2g} %: {words}")]


def exits(result: RunResult) -> Section:
    """Return how often positions were left for which reason, in whole or in part."""
    facts = [Fact(f"Exits ({reason})", _fills(number)) for reason, number in by_count(result.statistics.exits)]
    if any(one.perpetual is not UNSET for one in result.symbols.values()):
        facts.append(Fact("Liquidations", count(result.statistics.liquidations)))
    return Section("Exits", facts)


def by_count(reasons: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return what happened, the most frequent first, then by name."""
    counted = sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    return [(one_line(reason), number) for reason, number in counted if number]


def ladder(result: RunResult, money: Money) -> Section:
    """Return what each rung of the take-profit ladder came to."""
    return Section("Ladder", [_rung(rung, money) for rung in result.statistics.ladder])


def tags(result: RunResult, money: Money) -> Section:
    """Return what the trades of each of the strategy's own names came to."""
    told = result.statistics.tags
    return Section("Tags", [] if told is UNSET else [_tag(one, money) for one in told])


def _tag(one: TagResult, money: Money) -> Fact:
    trades = f"{count(one.trades)} trade{'' if one.trades == 1 else 's'}, {count(one.winning_trades)} won"
    return Fact(f"Tag {one_line(one.tag)}", f"{trades}, {money(one.realized_pnl)}", tone_of(one.realized_pnl))


def funding(result: RunResult, money: Money) -> list[Fact]:
    """Return what funding came to; nothing where no payment fell on a position."""
    statistics, net = result.statistics, result.performance.funding_net
    if not statistics.funding_payments:
        return []
    return [
        Fact("Funding payments", count(statistics.funding_payments)),
        Fact("Funding received", money(statistics.funding_received)),
        Fact("Funding paid", money(statistics.funding_paid)),
        Fact("Funding net", money(net), tone_of(net)),
    ]


def rules(symbols: Mapping[str, SymbolResult]) -> list[Fact]:
    """Say for each symbol which trading rules were used, where and when they come from, and what they changed to."""
    facts = []
    for symbol, one in symbols.items():
        words = _rule_words(one.instrument)
        if one.instrument.later_than_start:
            words.append("later than the start of the range")
        facts.append(Fact(f"Trading rules {one_line(symbol)}", ", ".join(words)))
        facts += [
            Fact(f"Trading rules {one_line(symbol)} changed", ", ".join(_rule_words(change)))
            for change in one.rule_changes
        ]
    return facts + contracts(symbols)


def _entry_words(config: RunConfig) -> Iterator[str]:
    offset, force, expiry = config.entry_offset, config.entry_time_in_force, config.entry_expiry
    away = "" if offset is UNSET else f" at {_plain(100 * offset)} % from the close"
    yield f"{one_line(config.entry_order)}{away}"
    if force == "GTD":
        yield f"good for {count(expiry)} candle{'' if expiry == 1 else 's'}"
    elif force is not UNSET:
        yield _FORCES[force]
    if config.post_only:
        yield "post-only"


def _setting_words(section: Mapping[str, object]) -> Iterator[str]:
    """Yield the settings of a section by the names that the configuration has for them."""
    for name, value in section.items():
        if isinstance(value, Mapping):
            inside = ", ".join(_setting_words(value))
            yield f"{one_line(name)} ({inside})" if inside else one_line(name)
        elif name == "ladder" and isinstance(value, list):
            rungs = (f"{_plain(rung['fraction'])} at {_plain(rung['distance'])}" for rung in value)
            yield f"ladder {' + '.join(rungs)}"
        elif isinstance(value, list | tuple):
            yield f"{len(value)} {one_line(name)}"
        else:
            yield f"{one_line(name)} {_plain(value)}"


def _plain(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return f"{value:.12g}" if isinstance(value, int | float) else one_line(value)


def _fills(number: int) -> str:
    return f"{count(number)} fill{'' if number == 1 else 's'}"


def _rung(rung: Rung, money: Money) -> Fact:
    words = (_fills(rung.fills), f"reached by {per_cent(rung.reached_pct)} of positions", money(rung.realized_pnl))
    return Fact(f"Rung {count(rung.rung)}", ", ".join(words), tone_of(rung.realized_pnl))


def _rule_words(own: TradingRules) -> list[str]:
    words = [
        f"tick {one_line(own.tick_size)}",
        f"lot {one_line(own.lot_size)}",
        f"minimum notional {one_line(own.min_notional)}",
    ]
    if own.source:
        words.append(one_line(own.source))
    if own.as_of:
        words.append(f"as of {one_line(own.as_of)}")
    return words
