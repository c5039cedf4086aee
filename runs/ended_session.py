"""What a result reads of a session, whichever rules made it."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

from core.events import CandleMove
from core.instrument import Instrument
from engine.kernel_rules import KernelRules
from engine.renderer import SessionOutputs
from engine.session_statistics import SessionStatistics
from execution.money.account_totals import AccountTotals
from execution.money.cash_transfer import CashTransfer


class EndedAccount(Protocol):
    """Positions and money of a session; :class:`~execution.money.account_view.AccountView` says what each is."""

    @property
    def totals(self) -> AccountTotals: ...

    @property
    def open_funding(self) -> Mapping[str, Decimal]: ...

    @property
    def transfers(self) -> Sequence[CashTransfer]: ...

    @property
    def exits(self) -> Mapping[str, int]: ...

    @property
    def rung_fills(self) -> Mapping[int, int]: ...

    @property
    def funding_net(self) -> Decimal: ...

    @property
    def funding_paid(self) -> Decimal: ...

    @property
    def performance(self) -> dict[str, Any]: ...


class EndedSession(Protocol):
    """A session that has ended, or as it stands; :class:`~engine.session.Session` says what each is."""

    @property
    def rules(self) -> KernelRules: ...

    @property
    def statistics(self) -> SessionStatistics: ...

    @property
    def account(self) -> EndedAccount: ...

    @property
    def outputs(self) -> SessionOutputs: ...

    @property
    def instruments(self) -> Mapping[str, Instrument]: ...

    @property
    def last_step_ms(self) -> int | None: ...

    @property
    def candle_moves(self) -> Sequence[CandleMove]: ...

    @property
    def kill_switch_engaged(self) -> bool: ...

    @property
    def paused(self) -> bool: ...
