"""A walk-forward as it is shown: its folds, its one account, and how far the parameters moved."""

from core.command_line import warn
from core.instants import format_ms
from core.time_range import TimeRange
from core.timeframe import DAY_MS, timeframe_name
from research.commands.search_words import left_out_words, searched_facts, titled
from research.folds.walk_forward_result import FoldResult, WalkForward
from research.pictures.fold_line import FoldLine, WalkLines
from research.spaces.parameter import value_text
from runs.commands.text_blocks import UNDEFINED, Facts, Grid, number, show

_DAY_LONG, _MINUTE_LONG = 10, 16


def show_walk(walk: WalkForward) -> None:
    """Print a walk-forward; what ended it early goes to standard error."""
    blocks: list[Facts | Grid] = [Facts(_title(walk), _facts(walk))]
    if walk.folds:
        blocks += [_table(walk), Facts("One account over all tests", _account(walk))]
        blocks.append(Facts("How far parameters moved from fold to fold, in per cent of their range", _drift(walk)))
    show(*blocks)
    if walk.ruined and len(walk.folds) < len(walk.plan.folds):
        warn(f"the account was gone after fold {len(walk.folds)} of {len(walk.plan.folds)}: nothing was traded then")
    idle = [one for one in walk.folds if one.notes.trial is None]
    if idle:
        numbers = ", ".join(str(one.number) for one in idle)
        warn(f"no trial of fold {numbers} is ranked ({idle[0].notes.untraded}): nothing was traded in its test")


def walk_lines(walk: WalkForward) -> WalkLines:
    """Return a walk-forward as its page shows it: in the words in which it is printed."""
    facts = [
        *_facts(walk),
        *_account(walk),
        *((f"{name} moved, in % of its range", said) for name, said in _drift(walk)),
    ]
    return WalkLines(
        title=_title(walk),
        name=f"walk-forward {walk.id}",
        window=walk.plan.search.window,
        tiles=_tiles(walk),
        facts=facts,
        folds=[_line(one) for one in walk.folds],
    )


def _tiles(walk: WalkForward) -> list[tuple[str, str, str]]:
    """Return what stands first on the page: what the tests came to, and nothing of the searches."""
    account = dict(_account(walk))
    balance, _, earned = account["balance"].rpartition(", ")
    efficiency, _, meaning = account["efficiency"].rstrip(")").partition(" (")
    draw_down, _, seen = account["max draw-down"].partition(", ")
    trades, _, won = account["trades"].partition(", ")
    return [
        ("Out of sample", earned, f"one account over all tests: {balance}"),
        ("Tests that earned", account["tests that earned"], "of all folds that are done"),
        ("Efficiency", efficiency, meaning),
        ("Max draw-down", draw_down, f"of the one account, {seen}"),
        ("Sharpe", account["sharpe"], f"of the one account, {len(walk.daily.equity)} days"),
        ("Trades", trades, won),
    ]


def _line(one: FoldResult) -> FoldLine:
    notes, traded = one.notes, one.notes.trial is not None
    return FoldLine(
        number=one.number,
        train=notes.train,
        test=notes.test,
        params=(one.trial.params or {}) if traded else {},
        in_value=notes.in_value,
        out_value=one.out_value,
        efficiency=one.efficiency,
        trades=(one.trial.trades or 0) if traded else 0,
        max_drawdown_pct=(one.trial.figures or {}).get("drawdown.max_drawdown_pct"),
        balance=notes.final_balance,
    )


def _title(walk: WalkForward) -> str:
    search = walk.plan.search
    return titled(f"Walk-forward {walk.id}", walk.row.name, search.window_name, search.window)


def _facts(walk: WalkForward) -> list[tuple[str, str]]:
    scheme = walk.plan.scheme
    beside = left_out_words(scheme.purge_ms, scheme.embargo_ms)
    kind = "anchored, the first search" if scheme.anchored else "rolling, searches"
    tried = sum(one.notes.tried for one in walk.folds)
    return [
        ("status", walk.row.status.lower()),
        ("folds", f"{len(walk.folds)} of {len(walk.plan.folds)}, {kind} of {timeframe_name(scheme.train_ms)}, tests of "
                  f"{timeframe_name(scheme.test_ms)}{beside}"),
        *searched_facts(walk.plan.search, f"{tried:,} trials in all"),
    ]  # fmt: skip


def _table(walk: WalkForward) -> Grid:
    names = [one.name for one in walk.plan.search.space.parameters]
    fine = any(edge % DAY_MS for one in walk.folds for edge in (*one.notes.train.to_tuple_ms(), one.notes.test.end_ms))
    header = (
        "fold",
        "search",
        "test",
        *names,
        "in",
        "out",
        "in %",
        "out %",
        "efficiency",
        "trades",
        "max DD %",
        "balance",
    )
    return Grid(header, [_row(one, names, fine=fine) for one in walk.folds], 3 + len(names))


def _row(one: FoldResult, names: list[str], *, fine: bool) -> list[str]:
    figures, params = one.trial.figures or {}, one.trial.params or {}
    traded = one.notes.trial is not None
    return [
        str(one.number),
        _span(one.notes.train, fine=fine),
        _span(one.notes.test, fine=fine),
        *(value_text(params[name]) if traded else UNDEFINED for name in names),
        number(one.notes.in_value, 4),
        number(one.out_value, 4),
        number(one.inside[0]),
        number(one.outside[0]),
        number(one.efficiency),
        number(one.trial.trades if traded else 0),
        number(figures.get("drawdown.max_drawdown_pct")),
        number(one.notes.final_balance),
    ]


def _account(walk: WalkForward) -> list[tuple[str, str]]:
    figures = walk.figures
    return [
        ("balance", f"{number(walk.folds[0].notes.starting_balance)} to {number(walk.folds[-1].notes.final_balance)}, "
                    f"{number(figures['performance.total_return_pct'])} %"),
        ("max draw-down", f"{number(figures['drawdown.max_drawdown_pct'])} %, at every step"),
        ("sharpe", number(figures["risk_adjusted.sharpe"])),
        ("trades", f"{number(figures['trade_quality.trades'])}, {number(figures['trade_quality.wins'])} won"),
        ("tests that earned", f"{walk.profitable} of {len(walk.folds)}"),
        ("efficiency", f"{number(walk.efficiency)} (what a day of the tests earned for each part that a day of the "
                       "searches did; n/a where these earned nothing)"),
        ("between tests", "positions close at a test's end at their last marks, with costs (reason=end); the next "
                          "begins with the balance"),
    ]  # fmt: skip


def _drift(walk: WalkForward) -> list[tuple[str, str]]:
    found = []
    for one in walk.drift:
        mean = None if one.mean_move is None else 100.0 * one.mean_move
        path = ", ".join("-" if value is None else value_text(value) for value in one.values)
        found.append((one.name, f"{number(mean, 1)} on average ({path})"))
    return found


def _span(span: TimeRange, *, fine: bool) -> str:
    length = _MINUTE_LONG if fine else _DAY_LONG
    return f"{format_ms(span.start_ms)[:length]}..{format_ms(span.end_ms)[:length]}"
