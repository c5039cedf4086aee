"""The ``optimise`` section of a system's file: what is searched where the command says nothing else."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from core.errors import ConfigurationError
from core.settings_section import Allowed, PlainText, SettingsSection, section_or_problems
from research.studies.study_plan import BATCH
from systems.system import System

_Texts = tuple[PlainText, ...]


def _as_tuple(value: object) -> object:
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


class OptimiseSection(SettingsSection):
    """How a system is searched."""

    window: PlainText | None = Field(None, description="The window that is searched; none: the first of the system")
    parameters: Annotated[
        dict[str, Any], Allowed("a section with a range for each parameter, such as ema_fast: 5..20")
    ] = Field(default_factory=dict, description="What is varied, each with its range, its choices, or a section")
    conditions: Annotated[_Texts, BeforeValidator(_as_tuple), Allowed("a list such as [ema_fast < ema_slow]")] = Field(
        (), description="What a point must meet to be tried"
    )
    sampler: PlainText = Field("random", description="grid, random, qmc, tpe, cmaes, nsga2 or genetic")
    trials: int | None = Field(None, ge=1, description="How many points are tried; a grid has all of its own")
    metric: Annotated[_Texts, BeforeValidator(_as_tuple), Allowed("a figure, an expression, composite; or a list")] = (
        Field(("sharpe",), description="What is looked for")
    )
    seed: int = Field(0, ge=0, description="Of everything that is drawn")
    batch: int = Field(BATCH, ge=1, description="Points that are asked before the sampler learns what they were worth")
    min_trades: int = Field(1, ge=0, description="Closed trades below which a trial is not ranked")
    best: int = Field(3, ge=0, description="How many of the best are run again with all outputs")


def section_of(system: System) -> OptimiseSection:
    """Return the section of a system, with defaults where its file has none.

    Raises
    ------
    ConfigurationError
        If anything in it is wrong; all problems are named.
    """
    section, problems = section_or_problems(OptimiseSection, system.optimise, "optimise.")
    if section is None:
        raise ConfigurationError.of(*(one.of(str(system.file)) for one in problems))
    return section
