"""A fetch of candles as a job: what the store lacks of a range, symbol by symbol."""

import msgspec

from core.errors import ConfigurationError
from core.instants import parse_instant
from core.timeframe import floor_to_grid, timeframe_ms
from market_data.commands.arguments import DEFAULT_DATA_DIR
from market_data.commands.fetch_command import fetch_series
from market_data.commands.selection import require_order
from market_data.exchanges.exchange_names import canonical_exchange
from market_data.history.historical_data_provider import HistoricalDataProvider
from research.jobs.held_job import HeldJob
from runs.jobs.job_queue import JobQueue
from runs.store.run_store import RunStore
from runs.store.store_rows import Job
from systems.life_cycle.epoch_tracker import wall_clock_ms
from systems.places import Places

FETCH = "fetch"


class FetchRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is fetched, as of ``python -m market_data fetch``: ``end`` None is the present."""

    exchange: str
    symbols: tuple[str, ...]
    timeframe: str
    start: str
    end: str | None = None
    beside: tuple[str, ...] = ()
    again: bool = False
    places: Places = Places()

    def bounds(self) -> tuple[int, int]:
        """Return its range; ConfigurationError where it is none."""
        length_ms = timeframe_ms(self.timeframe)
        start_ms = parse_instant(self.start, name="start_date")
        now_ms = floor_to_grid(wall_clock_ms(), length_ms)
        end_ms = now_ms if self.end is None else parse_instant(self.end, name="end_date")
        require_order(start_ms, end_ms)
        return start_ms, end_ms


def data_dir_of(places: Places) -> str:
    """Return the folder of candles."""
    return places.data_dir or DEFAULT_DATA_DIR


def submit_fetch(store: RunStore, wanted: FetchRequest) -> Job:
    """Let a worker fetch; ConfigurationError where the exchange, the timeframe or the range is none."""
    exchange = canonical_exchange(wanted.exchange)
    if not all(one.strip() for one in wanted.symbols):
        raise ConfigurationError("symbols: one of them is empty — allowed: such as BTC/USDT")
    wanted.bounds()
    wanted = msgspec.structs.replace(wanted, exchange=exchange, places=wanted.places.absolute())
    title = f"{exchange} {', '.join(wanted.symbols)} {wanted.timeframe} from {wanted.start}"
    return JobQueue(store).submit(FETCH, title, msgspec.to_builtins(wanted), len(wanted.symbols))


def make_fetch(held: HeldJob, wanted: FetchRequest) -> None:
    """Fetch what is lacking; errors as of the command, and what came before one is kept."""
    provider = HistoricalDataProvider(wanted.exchange, data_dir_of(wanted.places), progress=False, now_ms=wall_clock_ms)
    bounds = wanted.bounds()
    for number, symbol in enumerate(wanted.symbols):
        held.made(number, len(wanted.symbols))
        fetch_series(
            provider, [symbol], wanted.timeframe, *bounds, beside=wanted.beside, again=wanted.again, told=held.say
        )
    held.made(len(wanted.symbols), len(wanted.symbols))
