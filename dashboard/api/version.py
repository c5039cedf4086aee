"""What answers: program, version of the interface, what may be done."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from dashboard.api.described import VERSION
from dashboard.services import ServicesOf
from runs.identity.code_version import VERSION as PROGRAM

routes = APIRouter(tags=["server"])


class ServerVersion(BaseModel):
    """What answers."""

    interface: str = Field(examples=["1"])
    program: str = Field(examples=["0.1.0"])
    read_only: bool = Field(description="Whether everything that would change something is refused.")


@routes.get("/version")
def version(services: ServicesOf) -> ServerVersion:
    """Say what answers."""
    return ServerVersion(interface=VERSION, program=PROGRAM, read_only=services.settings.read_only)
