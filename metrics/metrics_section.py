"""The settings section of the conventions of figures."""

from pydantic import Field

from core.settings_section import SettingsSection


class MetricsSection(SettingsSection):
    """Conventions of the figures of a run; they change no trade and are in no hash."""

    risk_free_rate: float = Field(
        0.0,
        gt=-0.1,
        lt=1,
        description="What money earns a year without risk, a fraction: Sharpe, Sortino, omega and alpha count what is "
        "above it",
    )
