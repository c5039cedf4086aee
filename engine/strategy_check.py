"""Whether the strategy that a session would run now is the one that it ran with."""

from engine.journal_records import SessionRecord
from engine.portfolio.traded import identity_of, members_of
from strategies.strategy_registry import params_model
from validation.composed_settings import Settings


def strategy_change(record: SessionRecord, settings: Settings) -> str | None:
    """Return what of the strategy is no longer as it was recorded, naming the files; None if nothing is.

    A journal of a version that did not record its strategy is not judged.

    Raises
    ------
    ConfigurationError
        If the strategy cannot be imported.
    """
    if not record.strategy_sha256:
        return None
    for one in members_of(settings).values() or (settings,):
        # An own class is loaded as its files are now.
        params_model(one.files.strategy_at(one.live.strategy.type))
    now = identity_of(settings)
    if now.sha256 == record.strategy_sha256:
        return None
    changes = []
    for file in sorted(record.strategy_files.keys() | now.files.keys()):
        before, after = record.strategy_files.get(file), now.files.get(file)
        if before != after:
            changes.append(f"{file} {'is new' if before is None else 'is gone' if after is None else 'has changed'}")
    return (
        f"strategy: {', '.join(changes) or 'its name or its parameters have changed'} since the session began "
        f"(strategy_sha256 was {record.strategy_sha256}, is {now.sha256})"
    )
