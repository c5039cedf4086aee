"""A portfolio's run as it is shown: the whole account, its members, how they go together, what each brings."""

from collections.abc import Sequence

from core.command_line import warn
from metrics.portfolio_figures import Matrix
from research.portfolio.portfolio_backtest import PortfolioRun
from runs.commands.text_blocks import Facts, Grid, number, show
from runs.documents.portfolio_result import MemberResult, PortfolioResult

_LIMITS = {
    "max_daily_loss_pct": ("daily loss", 100.0),
    "max_drawdown_pct": ("draw-down", 100.0),
    "max_exposure_pct": ("exposure", 100.0),
    "max_open_trades": ("open trades", None),
}


def show_portfolio(run: PortfolioRun) -> None:
    """Print a portfolio's run; what a reader must know goes to standard error."""
    result = run.result
    names = list(result.members)
    show(
        Facts(portfolio_title(run), portfolio_facts(result)),
        _members(result),
        _brought(result),
        Facts(f"Correlation of daily returns, {result.correlation.days} days", ()),
        _matrix(names, result.correlation.returns),
        Facts("Correlation of draw-downs, by days", ()),
        _matrix(names, result.correlation.drawdowns),
        Facts("", [("outputs", f"{result.output_dir}, a folder for each member")]),
    )
    for warning in result.warnings:
        warn(warning)


def portfolio_title(run: PortfolioRun) -> str:
    """Return what a portfolio's run is called where it is shown."""
    config = run.result.config
    window = f"{run.window_name}: " if run.window_name else ""
    return f"Portfolio {run.number}: {config.name}, {window}{config.start_date} to {config.end_date}"


def portfolio_facts(result: PortfolioResult) -> list[tuple[str, str]]:
    """Return how the account is divided and what it came to, as label and value."""
    config, whole = result.config, result.performance
    limits = [
        f"{words} {number(value) if scale is None else f'{number(scale * value)} %'}"
        for key, (words, scale) in _LIMITS.items()
        if (value := config.limits.get(key)) is not None
    ]
    moved = f": {number(result.moved)} moved in {result.rebalances} times" if result.rebalances else ""
    return [
        ("allocation", f"{config.allocation}, rebalanced {config.rebalance}{moved}"),
        ("limits in all", ", ".join(limits) or "none; each member has its own"),
        ("balance", f"{number(config.capital)} to {number(whole.equity)}, {number(whole.total_return_pct)} %"),
        ("max draw-down", f"{number(whole.max_drawdown_pct)} %"),
        ("sharpe", number(whole.sharpe_ratio)),
        ("trades", f"{number(whole.trades)}, {number(whole.winning_trades)} won"),
    ]


def _members(result: PortfolioResult) -> Grid:
    header = ("member", "weight", "in the end", "begins", "received", "ends", "return %", "max DD %", "sharpe",
              "trades", "refused in all")  # fmt: skip
    return Grid(header, [_row(name, one) for name, one in result.members.items()], 1)


def _row(name: str, one: MemberResult) -> list[str]:
    return [
        name,
        number(one.weight, 3),
        number(one.last_weight, 3),
        number(one.starting_balance),
        number(one.transferred),
        number(one.equity),
        number(one.total_return_pct),
        number(one.max_drawdown_pct),
        number(one.sharpe_ratio),
        number(one.trades),
        number(sum(one.refused_by_limits.values())),
    ]


def _brought(result: PortfolioResult) -> Grid:
    header = ("what each brings to the whole", "return %", "of its variance %", "in its deepest draw-down %",
              "daily volatility without it %")  # fmt: skip
    rows = []
    for name, one in result.members.items():
        brought, share = one.contribution, one.contribution.volatility_share
        rows.append(
            [
                name,
                number(brought.return_pct),
                number(None if share is None else 100.0 * share),
                number(brought.drawdown_pct),
                number(brought.volatility_without_pct, 3),
            ]
        )
    return Grid(header, rows, 1)


def _matrix(names: Sequence[str], values: Matrix) -> Grid:
    rows = [[name, *(number(value) for value in row)] for name, row in zip(names, values, strict=True)]
    return Grid(("", *names), rows, 1)
