"""A strategy's parameters against its model."""

from collections.abc import Mapping

from pydantic import BaseModel

from core.settings_problem import SettingsProblem, did_you_mean, shown_key
from core.settings_section import section_or_problems, written

_NONE = "it has no parameters: its class has no Params"


def checked_params(
    model: type[BaseModel], params: Mapping[str, object], prefix: str
) -> tuple[BaseModel | None, list[SettingsProblem]]:
    """Return a strategy's parameters as its model has them, or every problem; ``prefix`` goes before each key.

    A parameter that the model does not declare is one, also where the model would pass it over.
    """
    checked, problems = section_or_problems(model, params, prefix)
    fields = model.model_fields
    if checked is None and not fields:
        problems = [problem._replace(allowed=_NONE) for problem in problems]
    if checked is None or model.model_config.get("extra") in ("forbid", "allow"):
        return checked, problems
    known = {name for key, field in fields.items() for name in (key, field.alias) if name is not None}
    allowed = f"allowed keys: {', '.join(fields)}" if fields else _NONE
    unknown = [
        SettingsProblem(prefix + shown_key(key), f"unknown key{did_you_mean(key, fields)}", allowed)
        for key in written(model, params)
        if key not in known
    ]
    return (None, unknown) if unknown else (checked, [])
