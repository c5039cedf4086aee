"""Tools around programs of a user: what would have woken them, and what became of it."""

from typing import TYPE_CHECKING

from core.lazy_names import lazy_names

if TYPE_CHECKING:
    from programs.pool_outcomes import HorizonOutcome, PoolTrigger, PoolTriggers
    from programs.pool_store import delete_pool, save_pool, stored_pools
    from programs.pool_triggers import backtest_pool

__all__ = [
    "HorizonOutcome",
    "PoolTrigger",
    "PoolTriggers",
    "backtest_pool",
    "delete_pool",
    "save_pool",
    "stored_pools",
]

_HOMES = {
    "programs.pool_outcomes": "HorizonOutcome PoolTrigger PoolTriggers",
    "programs.pool_store": "delete_pool save_pool stored_pools",
    "programs.pool_triggers": "backtest_pool",
}

__getattr__ = lazy_names(__name__, _HOMES)
