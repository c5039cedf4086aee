"""What people are told of a job that has ended."""

from alerts.alert import Alert, Origin
from runs.store.store_rows import Job

SOURCE = "jobs"
"""What stands where other alerts have their session."""


def job_alert(job: Job, failure: str | None) -> Alert:
    """Return the alert of a job that is done, or that has failed; ``job`` is as it ended."""
    title = job.title or job.kind
    asked = job.request or {}
    origin = Origin(SOURCE, job.ended_ms or job.created_ms, job.id or 0, str(asked.get("system") or ""))
    facts = {"job": str(job.id)}
    if failure is None:
        made = ", ".join(f"{name} {value}" for name, value in (job.outcome or {}).items())
        return Alert.of("job_done", "info", origin, f"job {job.id} is done: {title}", made, facts)
    return Alert.of(
        "job_failed", "warning", origin, f"job {job.id} has failed: {title}", failure, facts | {"failure": failure}
    )
