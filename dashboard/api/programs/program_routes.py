"""Programs: texts that are kept with their versions, checked, and run by a worker in the sandbox alone."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool

from core.errors import ConfigurationError
from dashboard.api.backtest_models import Done, Started
from dashboard.api.described import refusals
from dashboard.api.programs.program_models import (
    CheckRequest,
    CheckView,
    FindingView,
    KeepProgram,
    ProgramDetail,
    ProgramRow,
    ProgramRunRequest,
    ProgramSessionRequest,
    ReadsView,
    VersionView,
)
from dashboard.api.programs.program_requests import program_job_of
from dashboard.api.programs.program_trials import TrialRequest, program_work
from dashboard.api.programs.trial_routes import TrialOfProgram, begun
from dashboard.api.run_requests import DEFAULT_CONFIG
from dashboard.api.session_models import SessionView, wanted_by
from dashboard.api.session_views import session_view
from dashboard.problems import NotFound, Refused
from dashboard.services import Services, ServicesOf
from programs.program_store import delete_program, program_versions, save_program, stored_program, stored_programs
from programs.stored_versions import KeptMeanwhileError
from research.jobs.backtest_job import submit_backtest
from runs.store.store_rows import ProgramVersion
from strategies.programs.sandbox.program_check import check_program
from strategies.programs.sandbox.program_text import ProgramText

routes = APIRouter(prefix="/programs", tags=["programs"])


@routes.get("")
def programs(services: ServicesOf) -> list[ProgramRow]:
    """List the programs that are kept, each as its last version."""
    return [ProgramRow.of(one) for one in stored_programs(services.store)]


@routes.post("/check")
def check(asked: CheckRequest) -> CheckView:
    """Check a text: it is read, and nothing of it is run."""
    return _checked(ProgramText.of(asked.text))


@routes.post("/try", responses=refusals(409))
async def attempt(asked: TrialRequest, services: ServicesOf, request: Request) -> TrialOfProgram:
    """Call a text once at a moment of history, in the sandbox, as each of what wakes it would; nothing is traded.

    What takes longer than two seconds goes on as a trial.
    """
    work = await run_in_threadpool(program_work, asked, services)
    return TrialOfProgram.of(await begun(services, work, request))


@routes.get("/{program}", responses=refusals(404))
def show(
    program: str,
    services: ServicesOf,
    version: Annotated[int | None, Query(ge=1, le=1_000_000, description="Left out: the last.")] = None,
) -> ProgramDetail:
    """Show a program: its text, what a check of it finds, and its versions."""
    return _detail(services, _named(services, program, version))


@routes.put("/{program}", responses=refusals(409))
def keep(program: str, asked: KeepProgram, services: ServicesOf) -> ProgramDetail:
    """Keep a text as the next version of a program, whatever a check of it finds; the same text again is no version."""
    note = (asked.note or "").strip() or None
    try:
        return _detail(services, save_program(services.store, program, asked.text, note, asked.after))
    except KeptMeanwhileError as error:
        raise Refused(str(error)) from None


@routes.delete("/{program}", responses=refusals(404))
def remove(program: str, services: ServicesOf) -> Done:
    """Take out a program; runs that it made have its text, and its earlier versions are kept."""
    _named(services, program, None)
    delete_program(services.store, program)
    return Done(message=f"program {program}: removed; its earlier versions are kept")


@routes.post("/{program}/run", status_code=202, responses=refusals(404))
def run(program: str, asked: ProgramRunRequest, services: ServicesOf) -> Started:
    """Ask for a backtest of a program; a worker makes it. What is wrong with it is said at once."""
    wanted = program_job_of(_named(services, program, asked.version), asked, services)
    job = submit_backtest(services.store, wanted)
    return Started(backtest_id=f"b{job.id}", job=job.id or 0, status=job.status, message=f"job {job.id}: {job.title}")


@routes.post("/{program}/sessions", status_code=201, responses=refusals(404, 409))
def start(program: str, asked: ProgramSessionRequest, services: ServicesOf) -> SessionView:
    """Start a paper session of a program in a process of its own, which goes on when the server ends.

    Its folder has the text and the pools: it is resumed and checked of these, whatever is kept or removed later.
    """
    kept = _named(services, program, asked.version)
    wanted = program_job_of(kept, asked, services)
    by = wanted_by(asked, config=asked.config or DEFAULT_CONFIG, program=kept.program, version=kept.version)
    rehearsed = asked.rehearsal is not None
    facts = services.sessions.start(by, asked.name, wanted.overrides, rehearsed=rehearsed)
    return session_view(facts, services.sessions.names)


def _named(services: Services, name: str, version: int | None) -> ProgramVersion:
    try:
        return stored_program(services.store, name, version)
    except ConfigurationError as error:
        raise NotFound(str(error)) from None


def _checked(text: ProgramText) -> CheckView:
    findings = check_program(text.text)
    return CheckView(
        sound=all(one.level != "error" for one in findings),
        findings=[FindingView.of(one) for one in findings],
        reads=ReadsView.of(text.reads),
    )


def _detail(services: Services, kept: ProgramVersion) -> ProgramDetail:
    text = ProgramText.of(kept.text or "", kept.program)
    versions = [one for one in program_versions(services.store, kept.program) if one.text is not None]
    return ProgramDetail(
        **ProgramRow.of(kept).model_dump(),
        **_checked(text).model_dump(),
        text=text.text,
        versions=[VersionView.of(one) for one in reversed(versions)],
    )
