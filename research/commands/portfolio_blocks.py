"""A portfolio's run as it is shown: the whole account, its members, how they go together, what each brings."""

from collections.abc import Sequence

from core.command_line import warn
from metrics.portfolio_figures import Matrix
from reports.portfolio.portfolio_words import portfolio_facts, portfolio_title
from research.portfolio.portfolio_backtest import PortfolioRun
from runs.commands.text_blocks import Facts, Grid, number, show
from runs.documents.portfolio_result import MemberResult, PortfolioResult


def show_portfolio(run: PortfolioRun) -> None:
    """Print a portfolio's run; what a reader must know goes to standard error."""
    result = run.result
    names = list(result.members)
    show(
        Facts(portfolio_title(result, run.called, run.window_name), portfolio_facts(result)),
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
