"""What `leadops check` asks HubSpot: its account, and each property that leadops writes. It reads only."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from leadops.clients.call_outcomes import Answered, Refused
from leadops.products.check_line import CheckLine
from leadops.products.hubspot.hubspot_calls import HubSpotCalls
from leadops.products.hubspot.hubspot_effects import STATUS
from leadops.products.hubspot.hubspot_settings import HubSpotSettings
from leadops.products.product_rows import Call, SendCall

WHERE = "in HubSpot under Settings, Properties, Contact properties"
ACCOUNT = Call("GET", "/account-info/v3/details")


@dataclass(frozen=True)
class Wanted:
    """A property that leadops writes: its type there (None: any), and what it is for."""

    name: str
    purpose: str
    type: str | None = None
    is_unique: bool = False


@dataclass(frozen=True)
class HubSpotCheck:
    """The lines about one account."""

    settings: HubSpotSettings
    calls: HubSpotCalls

    def check(self, target: str, send: SendCall) -> Iterator[CheckLine]:
        """Yield the account's facts, then a line for each property that leadops writes in `target`."""
        yield self._check_account(target, send)
        for wanted in self._list_wanted(target):
            yield self.check_property(wanted, send)
        if target == "crm" and self.settings.new_lead_status is not None:
            yield self._check_status(send)

    def _check_account(self, target: str, send: SendCall) -> CheckLine:
        outcome = send(ACCOUNT)
        if not isinstance(outcome, Answered) or not isinstance(outcome.body, dict):
            reason = getattr(outcome, "reason", "the answer is not an account")
            return CheckLine.note("account", f"cannot be read: {reason}")
        zone = outcome.body.get("timeZone")
        return CheckLine.ok(
            "account",
            f"{outcome.body.get('portalId')}, {outcome.body.get('accountType')}; its day of calls ends at"
            f" midnight of {zone}: day_ends of {target} in delivery.yaml has to say so",
        )

    def _list_wanted(self, target: str) -> list[Wanted]:
        names = self.settings.properties
        wanted = [Wanted(names.external_id, "leadops' id of the lead", "string", is_unique=True)]
        if target == "ma":
            wanted.append(Wanted(names.score, "the score", "number"))
            if names.seq is not None:
                wanted.append(Wanted(names.seq, "the row of the ledger", "number"))
        facts = {name: fact for fact, name in self.settings.facts.items() if name is not None}
        return wanted + [Wanted(name, fact) for name, fact in facts.items()]

    def check_property(self, wanted: Wanted, send: SendCall) -> CheckLine:
        """Return whether a property is there and takes what leadops writes."""
        subject = f"property {wanted.name}"
        outcome = send(self._get_property(wanted.name))
        if isinstance(outcome, Refused) and outcome.status == 404:
            kind = wanted.type or "single-line text"
            unique = " with unique values" if wanted.is_unique else ""
            return CheckLine.change(
                subject,
                f"does not exist; make it ({kind}{unique}) {WHERE}, or correct products.yaml: it takes"
                f" {wanted.purpose}",
            )
        if not isinstance(outcome, Answered) or not isinstance(outcome.body, dict):
            reason = getattr(outcome, "reason", "the answer is not a property")
            return CheckLine.change(
                subject, f"cannot be read ({reason}); give the token the scope crm.schemas.contacts.read"
            )
        return describe_property(wanted, outcome.body)

    def _check_status(self, send: SendCall) -> CheckLine:
        outcome = send(self._get_property(STATUS))
        options = outcome.body.get("options") if isinstance(outcome, Answered) and outcome.body else None
        values = [option.get("value") for option in options or () if isinstance(option, dict)]
        if not values:
            return CheckLine.note(f"property {STATUS}", "its options cannot be read")
        if self.settings.new_lead_status in values:
            return CheckLine.ok(f"property {STATUS}", f"has the option {self.settings.new_lead_status}")
        return CheckLine.change(
            f"property {STATUS}",
            f"has no option {self.settings.new_lead_status}; add it {WHERE}, or set new_lead_status of"
            " products.yaml to one of: " + ", ".join(map(str, values)),
        )

    def _get_property(self, name: str) -> Call:
        return Call("GET", f"/crm/properties/{self.settings.api_version}/contacts/{name}")


def describe_property(wanted: Wanted, found: Mapping[str, Any]) -> CheckLine:
    """Return whether a property as HubSpot describes it is what leadops needs."""
    subject = f"property {wanted.name}"
    if wanted.type is not None and found.get("type") != wanted.type:
        return CheckLine.change(
            subject,
            f"is of type {found.get('type')}, {wanted.purpose} needs {wanted.type}; make another {WHERE},"
            " and name it in products.yaml",
        )
    about = found.get("modificationMetadata")
    if found.get("calculated") is True or (isinstance(about, dict) and about.get("readOnlyValue") is True):
        return CheckLine.change(
            subject, "is read only (calculated by HubSpot); name a property of your own in products.yaml"
        )
    if wanted.is_unique and found.get("hasUniqueValue") is not True:
        return CheckLine.change(
            subject,
            "takes the same value twice; HubSpot decides that when a property is made: make another with"
            f" unique values {WHERE}, and name it in products.yaml",
        )
    return CheckLine.ok(subject, f"takes {wanted.purpose}")
