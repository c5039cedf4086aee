"""What a session would begin with, printed without beginning it."""

from core.command_line import say
from core.errors import DataUnavailableError, FeedError
from core.instants import format_ms
from core.timeframe import floor_to_grid, timeframe_ms
from engine.portfolio.traded import identity_of, members_of, traded_by
from live.intake.exchange_access import Market, warmup_candles, watched_warmup
from live.intake.session_inputs import finest_interval
from live.life.session_start import WarmupFeeds, open_interest_fed, tell_of_fewer, tell_of_warm_up
from market_data.feeds.perpetual_source import PerpetualSource
from validation.composed_settings import Settings


async def dry_start(
    settings: Settings, market: Market, feeds: WarmupFeeds, source: PerpetualSource | None, now_ms: int
) -> int:
    """Print what a session would begin with."""
    traded = traded_by(settings)
    boundary_ms = floor_to_grid(now_ms, timeframe_ms(settings.live.timeframe))
    needed = traded.stored_candles_needed(boundary_ms)
    tell_of_warm_up(traded, len(market.unified), now_ms)
    stored = await warmup_candles(feeds.strategy, market, settings, needed, boundary_ms)
    tell_of_fewer(traded, stored)
    series = traded.series
    watched = await watched_warmup(feeds.watched, market, series, boundary_ms)
    periods = open_interest_fed(traded, settings.live.exchange, source)
    say(f"Exchange: {settings.live.exchange}, its time {format_ms(now_ms)}")
    kind = "Portfolio" if members_of(settings) else "Strategy"
    say(f"{kind}: {traded.name}, {settings.live.timeframe} candles, mode {settings.mode.mode}")
    if settings.live.detail_interval is not None:
        say(f"Orders: matched by {settings.live.detail_interval} candles")
    for spelling, symbol in market.unified.items():
        rules = market.instruments[spelling]
        say(
            f"Symbol {spelling} ({symbol}): tick {rules.tick_size:f}, lot {rules.lot_size:f}, "
            f"minimum notional {rules.min_notional:f}; warm-up {len(stored[spelling])} of "
            f"{needed} candles"
        )
        for line in await _contract_lines(settings, source, spelling, symbol):
            say(line)
        if periods:
            say(f"  open interest: {', '.join(periods)}")
    for one, there, candles in zip(series, market.on_exchange(series), watched, strict=True):
        say(f"Watched {one.name} ({there.symbol}): warm-up {len(candles)} of {one.warmup_candles} candles")
    say(f"settings_sha256: {settings.settings_sha256}")
    say(f"strategy_sha256: {identity_of(settings).sha256}")
    say("Everything needed to trade on paper is there; no session was begun.")
    return 0


async def _contract_lines(settings: Settings, source: PerpetualSource | None, spelling: str, symbol: str) -> list[str]:
    """Return what a session of perpetual contracts would know of one of them; nothing for other sessions."""
    perpetual = settings.live.execution.perpetual
    if perpetual is None:
        return []
    facts = [f"leverage {perpetual.leverage_of(spelling):g}"]
    if perpetual.mark_price:
        facts.append(f"mark candles {finest_interval(settings)}")
    if perpetual.funding and source is not None:
        try:
            next_ms = await source.next_funding_ms(symbol)
        except FeedError as error:
            sentence = f"{spelling}: the next funding cannot be looked up: {error}"
            raise DataUnavailableError(sentence, symbols=(spelling,)) from error
        facts.append("no funding announced" if next_ms is None else f"next funding {format_ms(next_ms)}")
    return [f"  perpetual: {', '.join(facts)}"]
