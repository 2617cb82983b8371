"""Salesforce's face: sessions, the rolling day's calls, and the header that speaks of them."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.routing import Route

from leadops_sandbox.products.face import Face, has_manner
from leadops_sandbox.products.salesforce import access, composite, query, sobjects
from leadops_sandbox.products.salesforce.errors import refuse_call
from leadops_sandbox.products.table import ProductSettings, Table
from leadops_sandbox.products.tokens import TokenBook
from leadops_sandbox.products.windows import RollingWindow
from leadops_sandbox.world import World

DAY = 86_400


class Campaign(BaseModel):
    """A campaign."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    active: bool = True


class SalesforceSettings(ProductSettings):
    """What of Salesforce can be set; the table says what each means."""

    required: list[str]
    converts: list[str]
    assignment_rep: str | None
    duplicate_rule: Literal["alert", "block", "off"]
    duplicate_key: str
    versions: list[str]
    collection_limit: int = Field(ge=1)
    retrieve_limit: int = Field(ge=1)
    query_page: int = Field(ge=1)
    day_limit: int = Field(ge=0)
    client_id: str
    certificate: str
    user: str
    audiences: list[str]
    assertion_seconds: float = Field(gt=0)
    session_seconds: float = Field(gt=0)
    campaigns: dict[str, Campaign]
    member_fields: list[str]


class Salesforce(Face[SalesforceSettings]):
    """Salesforce over the world."""

    name = "salesforce"
    settings_type = SalesforceSettings

    def __init__(self, world: World, table: Table) -> None:
        super().__init__(world, table)
        self.tokens = TokenBook()
        self.day = RollingWindow()
        self._changes_seen = 0
        self._numbers = 0

    def routes(self) -> list[Route]:
        """Return Salesforce's routes."""
        groups = (access.routes, query.routes, composite.routes, sobjects.routes)
        return [route for group in groups for route in group(self)]

    def admit(self, request: Request) -> None:
        """Check the session and the version, then count the call of the rolling day."""
        now, settings = self.now(), self.settings
        if has_manner(request, "session_ended"):
            self.tokens.end_all(now)
        self.convert_won()
        path = request.url.path.rstrip("/")
        if path in ("/services/oauth2/token", "/services/data"):
            return
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind not in ("Bearer", "OAuth") or self.tokens.check(token, now) != "good":
            raise self.fault_error("invalid_session")
        version = path.removeprefix("/services/data/v").partition("/")[0]
        if path.startswith("/services/data/") and version not in settings.versions:
            raise refuse_call(404, "NOT_FOUND", "The requested resource does not exist")
        if not self.day.take(now, limit=settings.day_limit, seconds=DAY):
            raise self.fault_error("limit_exceeded")

    def used(self) -> int:
        """Return how many calls were made in the rolling day."""
        return self.day.look(self.now(), seconds=DAY)

    def dress(self, request: Request, headers: MutableHeaders) -> None:
        """Say how many of the day's calls are used."""
        if request.url.path.startswith("/services/data/v"):
            headers["Sforce-Limit-Info"] = f"api-usage={self.used()}/{self.settings.day_limit}"

    def convert_won(self) -> None:
        """Let salespeople convert the leads whose status they set to one that converts."""
        self.leads.activities()
        people = self.leads.people
        for change in people.history[self._changes_seen :]:
            is_new = change.lead_id not in people.converted and change.lead_id not in people.gone
            if change.field == "status" and change.after in self.settings.converts and is_new:
                self.leads.convert(change.lead_id, at=change.at)
        self._changes_seen = len(people.history)

    def take_number(self) -> int:
        """Return a number that was not taken before."""
        self._numbers += 1
        return self._numbers


FACE: Any = Salesforce
