"""The description of the interface, as OpenAPI."""

import json

from dashboard.app import create_app
from dashboard.dashboard_settings import DashboardSettings

_NOBODY = "described, not served, by nobody"


def interface_text() -> str:
    """Return the OpenAPI document of the interface as JSON; nothing is opened or served for it."""
    app = create_app(DashboardSettings(token=_NOBODY.replace(" ", "-")))
    return json.dumps(app.openapi(), indent=1, ensure_ascii=False) + "\n"
