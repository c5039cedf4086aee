"""From an exchange's name to the adapter that serves it; each adapter is imported only when it is opened."""

from collections.abc import Callable

from market_data.exchange_adapter import ExchangeAdapter
from market_data.exchanges.exchange_names import PRACTICE, canonical_exchange


def open_adapter(
    exchange_name: str,
    *,
    clock: Callable[[], int] | None = None,
    base_url: str | None = None,
    timeout_seconds: float = 10.0,
    give_up_seconds: float = 30.0,
) -> ExchangeAdapter:
    """Open the adapter of an exchange.

    Parameters
    ----------
    exchange_name
        Any spelling of an exchange's name; ``practice`` is the embedded practice market.
    clock
        UTC milliseconds; what the practice market takes for now. Real exchanges tell the time themselves.
    base_url
        Address that stands for the exchange's own hosts, for example a loopback server's ``http://127.0.0.1:8080``.
    timeout_seconds
        Longest wait for one answer, at least 1.
    give_up_seconds
        How long requests may go on failing before the adapter gives up, in wall time.

    Raises
    ------
    ConfigurationError
        If no exchange has that name.
    """
    name = canonical_exchange(exchange_name)
    if name == PRACTICE:
        from market_data.practice.practice_market import PracticeMarket

        return PracticeMarket(clock=clock)
    from market_data.adapters.ccxt_adapter import CcxtAdapter

    return CcxtAdapter(name, base_url=base_url, timeout_seconds=timeout_seconds, give_up_seconds=give_up_seconds)
