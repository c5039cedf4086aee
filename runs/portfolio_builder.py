"""Builds what a portfolio came to from its session and its members' results; the only place that does."""

import functools
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from core.candle_columns import Float64Array, Int64Array
from core.exact import ZERO, add
from core.instants import format_ms
from core.timeframe import DAY_MS, trading_day
from engine.portfolio.portfolio_session import Member, PortfolioSession
from metrics import calmar_ratio, daily_returns, sharpe_ratio, sortino_ratio
from metrics.portfolio_figures import Contribution, contributions, correlations, underwater
from runs.documents.portfolio_result import MemberResult, PortfolioConfig, PortfolioResult, Together, WholeAccount
from runs.documents.run_result import RunResult
from runs.figures.account_figures import Period, without_transfers
from runs.identity.code_version import code_version
from validation.portfolio_settings import PortfolioSettings


class RunOfMember(NamedTuple):
    """A member's own result, and the times of its steps."""

    result: RunResult
    step_times_ms: Int64Array


class RunOfPortfolio(NamedTuple):
    """A portfolio's run as a whole: its period with the steps of all, its id, and its folder."""

    period: Period
    run_id: str
    folder: str
    partial: bool = False


class _Days(NamedTuple):
    """A member at the ends of the days of the whole: worth of what it began with, and what it earned each day."""

    worth: Float64Array
    profit: Float64Array


def build_portfolio_result(
    session: PortfolioSession, settings: PortfolioSettings, members: Mapping[str, RunOfMember], run: RunOfPortfolio
) -> PortfolioResult:
    """Return what a portfolio came to.

    Parameters
    ----------
    session
        Ended, or as it stands.
    settings
        Those it ran with.
    members
        The result of each member.
    run
        Its run as a whole.
    """
    steps, capital = run.period.step_times_ms, float(settings.capital)
    days = _days_between(steps)
    columns = [_days_of(one, members[one.name], days) for one in session.members]
    brought = contributions([one.profit for one in columns], capital)
    whole = _whole(session, run.period, capital, list(members.values()))
    moved = [one.amount for member in session.members for one in member.session.account.transfers if one.amount > 0]
    return PortfolioResult(
        config=_config(session, settings, run.period),
        performance=whole,
        members={
            one.name: _member(one, members[one.name].result, settings.weights[place], brought[place], whole.equity)
            for place, one in enumerate(session.members)
        },
        correlation=Together(
            days=len(days),
            returns=correlations([_returns(one.worth) for one in columns]),
            drawdowns=correlations([underwater(one.worth)[1:] for one in columns]),
        ),
        rebalances=session.rebalances,
        moved=float(functools.reduce(add, moved, ZERO)),
        run_id=run.run_id,
        output_dir=run.folder,
        outputs_sha256=session.outputs.digest(),
        settings_sha256=settings.settings_sha256,
        code_version=code_version(),
        partial=run.partial,
        warnings=[f"{name}: {text}" for name, one in members.items() for text in one.result.warnings],
    )


def _days_between(steps: Int64Array) -> range:
    """Return the numbers of the UTC days from the first step's to the last one's."""
    return range(trading_day(int(steps[0])), trading_day(int(steps[-1])) + 1) if len(steps) else range(0)


def _days_of(member: Member, run: RunOfMember, days: range) -> _Days:
    account, times = member.session.account, run.step_times_ms
    start = run.result.performance.starting_balance
    curve = np.array(member.session.outputs.curve, np.float64)
    earned = curve - start
    for one in account.transfers:
        earned[int(np.searchsorted(times, one.time_ms, side="right")) :] -= float(one.amount)
    worth = without_transfers(times, curve, account.transfers)
    profit = np.diff(_at_ends(times, earned, days, 0.0), prepend=0.0)
    return _Days(np.concatenate([[start], _at_ends(times, worth, days, start)]), profit)


def _at_ends(times_ms: Int64Array, values: Float64Array, days: range, before: float) -> Float64Array:
    """Return the last value of each day; a last value without a step is that of the last one."""
    if len(values) > len(times_ms):
        values = np.append(values[: len(times_ms) - 1], values[-1])
    known = np.concatenate([[before], values])
    ends = (np.asarray(days, np.int64) + 1) * DAY_MS
    found: Float64Array = known[np.searchsorted(times_ms[: len(values)], ends, side="right")]
    return found


def _returns(worth: Float64Array) -> Float64Array:
    return np.array(daily_returns(float(worth[0]), worth[1:].tolist())) if (worth[:-1] > 0.0).all() else np.zeros(0)


def _whole(session: PortfolioSession, period: Period, capital: float, members: Sequence[RunOfMember]) -> WholeAccount:
    """Return the figures of the whole account: its equity has seen no cash come or go."""
    curve = np.array(session.outputs.curve, np.float64)
    equity = float(curve[-1]) if len(curve) else capital
    seen = np.concatenate([[capital], curve])
    depth = -float(underwater(seen).min())
    steps = period.step_times_ms
    closing = _at_ends(steps, curve, _days_between(steps), capital).tolist()
    returns = daily_returns(capital, closing) if min(closing, default=0.0) > 0.0 else []
    length = (period.end_ms - period.start_ms) / DAY_MS
    results = [one.result.performance for one in members]
    return WholeAccount(
        equity=equity,
        total_return=equity - capital,
        total_return_pct=100.0 * (equity - capital) / capital,
        max_drawdown_pct=100.0 * depth,
        peak_equity=float(seen.max()),
        sharpe_ratio=sharpe_ratio(returns) if returns else None,
        sortino_ratio=sortino_ratio(returns) if returns else None,
        calmar_ratio=calmar_ratio(equity / capital, length, depth) if returns and length >= 1.0 else None,
        trades=sum(one.total_trades for one in results),
        winning_trades=sum(one.winning_trades for one in results),
        commission_paid=math.fsum(one.commission_paid for one in results),
    )


def _member(
    member: Member, result: RunResult, weight: float, brought: Contribution, whole_equity: float
) -> MemberResult:
    performance, refusals = result.performance, result.statistics.refusal_reasons
    transferred = functools.reduce(add, (one.amount for one in member.session.account.transfers), ZERO)
    return MemberResult(
        settings_sha256=result.settings_sha256,
        run_id=str(result.run_id),
        folder=str(result.output_dir),
        weight=weight,
        last_weight=performance.equity / whole_equity if whole_equity > 0.0 else None,
        starting_balance=performance.starting_balance,
        transferred=float(transferred),
        equity=performance.equity,
        total_return=performance.total_return,
        total_return_pct=performance.total_return_pct,
        max_drawdown_pct=performance.max_drawdown_pct,
        sharpe_ratio=performance.sharpe_ratio,
        trades=performance.total_trades,
        winning_trades=performance.winning_trades,
        halts=result.statistics.halts,
        refused_by_limits={name: count for name, count in refusals.items() if name.startswith("portfolio_")},
        contribution=brought,
    )


def _config(session: PortfolioSession, settings: PortfolioSettings, period: Period) -> PortfolioConfig:
    terms, ran_to_ms = settings.terms, session.last_step_ms
    return PortfolioConfig(
        name=settings.name,
        start_date=format_ms(period.start_ms),
        end_date=format_ms(period.end_ms),
        ran_to=None if ran_to_ms is None else format_ms(ran_to_ms),
        interval=settings.first.timeframe,
        exchange=settings.first.exchange,
        symbols=settings.symbols,
        capital=float(settings.capital),
        allocation=terms.allocation,
        rebalance=terms.rebalance,
        lookback=terms.lookback,
        limits=terms.limits.model_dump(mode="json"),
    )
