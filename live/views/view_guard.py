"""Several views of one session behind one, kept from disturbing it."""

import asyncio
import contextlib
import functools
import logging
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Protocol, Self

from live.views.session_updates import SessionFailed, SessionUpdate, SessionView

REFRESH_SECONDS = 0.25

_log = logging.getLogger("live.views")


class RefreshedView(SessionView, Protocol):
    """A view that also shows how time passes while nothing happens."""

    def refresh(self) -> None:
        """Show the present; called about four times a second and expected to return at once."""
        ...

    def close(self) -> None:
        """Show the end and give back what is held."""
        ...


class GuardedViews:
    """Tells every view what the session does and refreshes them all four times a second while entered.

    What a view raises is logged once for that view and changes nothing else: not showing the session must never stop
    it. Views are told in the given order.
    """

    def __init__(self, views: Sequence[RefreshedView]) -> None:
        self._views = tuple(views)
        self._failed: set[int] = set()
        self._refreshing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._refreshing = asyncio.create_task(self._keep_refreshing())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._refreshing is not None:
            self._refreshing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._refreshing
        if error is not None:
            self.take(SessionFailed(str(error) or type(error).__name__))
        self.refresh()
        # The last view is closed first, so that the log, given first, hears of a view that fails to close.
        for view in reversed(self._views):
            self._guarded(view, view.close)

    def take(self, update: SessionUpdate) -> None:
        """Pass on what the session does."""
        for view in self._views:
            self._guarded(view, functools.partial(view.take, update))

    def refresh(self) -> None:
        """Let every view show the present."""
        for view in self._views:
            self._guarded(view, view.refresh)

    async def _keep_refreshing(self) -> None:
        while True:
            self.refresh()
            await asyncio.sleep(REFRESH_SECONDS)

    def _guarded(self, view: RefreshedView, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception:  # noqa: BLE001 - a view of any kind may fail in any way, and trading goes on
            if id(view) not in self._failed:
                self._failed.add(id(view))
                _log.exception("event=view_failed view=%s", type(view).__name__)
