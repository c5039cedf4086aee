"""What the routes of a server share: its settings, the run store, and what runs beside the requests."""

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self

from fastapi import Depends
from starlette.requests import HTTPConnection

from dashboard.dashboard_settings import DashboardSettings
from dashboard.disc_use import DiscMeter
from dashboard.opened_runs import OpenedRuns
from dashboard.playback.playbacks import Playbacks
from dashboard.sessions.live_sessions import LiveSessions
from dashboard.sessions.session_processes import SessionProcesses
from dashboard.streams.alert_events import AlertEvents
from dashboard.streams.event_hub import EventHub
from dashboard.streams.job_events import JobEvents
from dashboard.streams.session_events import SessionEvents
from dashboard.told_alerts import ToldAlerts
from dashboard.trials.trial_lane import TrialLane
from dashboard.worker_processes import WorkerProcesses
from research.jobs.fetch_job import data_dir_of
from runs.store.run_store import RunStore, open_store


class Services:
    """Opened when the server starts and closed when it ends.

    Attributes
    ----------
    settings
        What the server was started with.
    store
        The run store; its engine gives each thread a connection of its own.
    unreadable
        The folders that could not be read when the server started, and why.
    hub
        Takes what happens and hands it to the clients of the streams.
    opened_runs
        The runs that were looked at last.
    told_alerts
        What people were told of sessions and jobs.
    sessions
        The live sessions of the configured folder, and what can be done with them.
    playbacks
        The sessions that are driven by hand.
    trials
        Pools and programs that are tried while somebody looks on.
    disc
        Counts what the folders take of the disc.
    """

    def __init__(self, settings: DashboardSettings) -> None:
        self.settings = settings
        self.hub = EventHub()
        self.opened_runs = OpenedRuns()
        self.told_alerts = ToldAlerts(settings)
        self.playbacks = Playbacks(self.hub)
        self.trials = TrialLane()
        self.disc = DiscMeter(
            {
                "runs": Path(settings.places.logs or "logs"),
                "candles": Path(data_dir_of(settings.places)),
            }
        )
        self._workers = 0 if settings.read_only else settings.workers
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as opening:
            self.store: RunStore = opening.enter_context(open_store())
            self.unreadable: Mapping[str, str] = self.store.sync().unreadable
            opening.enter_context(self.playbacks)
            opening.enter_context(self.trials)
            opening.enter_context(JobEvents(self.store, self.hub))
            opening.enter_context(AlertEvents(self.told_alerts, self.hub))
            processes = opening.enter_context(SessionProcesses())
            self.sessions = LiveSessions(self.settings, self.store, processes)
            opening.enter_context(SessionEvents(self.sessions, self.store, self.hub))
            opening.enter_context(WorkerProcesses(self._workers, Path(self.settings.log_folder, "workers.log")))
            self._open = opening.pop_all()
        return self

    def __exit__(self, *raised: object) -> None:
        self._open.close()


async def _services(connection: HTTPConnection) -> Services:
    found: Services = connection.app.state.services
    return found


ServicesOf = Annotated[Services, Depends(_services)]
"""The services of the server that a route belongs to."""
