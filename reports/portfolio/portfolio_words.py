"""The words in which a portfolio's run is told, printed and on its page alike."""

from runs.commands.text_blocks import number
from runs.documents.portfolio_result import PortfolioResult

_LIMITS = {
    "max_daily_loss_pct": ("daily loss", 100.0),
    "max_drawdown_pct": ("draw-down", 100.0),
    "max_exposure_pct": ("exposure", 100.0),
    "max_open_trades": ("open trades", None),
}


def portfolio_title(result: PortfolioResult, called: str, window_name: str | None = None) -> str:
    """Return the title of a portfolio's run: what it is ``called``, of which portfolio, and over which time."""
    config = result.config
    window = f"{window_name}: " if window_name else ""
    return f"{called}: {config.name}, {window}{config.start_date} to {config.end_date}"


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
