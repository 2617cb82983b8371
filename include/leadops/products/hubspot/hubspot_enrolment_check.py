"""What `leadops check ma` asks HubSpot about programmes: the properties of a message, and each workflow."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from leadops.clients.call_outcomes import Answered, Refused
from leadops.products.check_line import CheckLine
from leadops.products.enrolment import ProgrammeStep
from leadops.products.hubspot.hubspot_calls import HubSpotCalls
from leadops.products.hubspot.hubspot_check import HubSpotCheck, Wanted
from leadops.products.hubspot.hubspot_settings import HubSpotSettings
from leadops.products.product_rows import SendCall

#: HubSpot's number of the object contact.
CONTACT = "0-1"
HOW = "docs/products/hubspot.md#programmes says how"


@dataclass(frozen=True)
class HubSpotEnrolmentCheck:
    """The lines about the programmes of one account."""

    settings: HubSpotSettings
    calls: HubSpotCalls

    def check(self, places: Sequence[ProgrammeStep], send: SendCall) -> Iterator[CheckLine]:
        """Yield a line for each property of a message, then one for each step."""
        enrolments = self.settings.enrolments
        if unused := list(enrolments.report_unused(places, product="hubspot")):
            yield from unused
            return
        properties = HubSpotCheck(self.settings, self.calls)
        for name, token in enrolments.list_tokens().items():
            yield properties.check_property(Wanted(name, f"the {token} of a message", "string"), send)
        for place in places:
            yield self._check_step(place, send)

    def _check_step(self, place: ProgrammeStep, send: SendCall) -> CheckLine:
        subject, flow_id = f"step {place}", self.settings.enrolments.find_id(place)
        if flow_id is None:
            gap = self.settings.enrolments.find_gap(place, product="hubspot", what="workflow")
            return CheckLine.change(subject, f"{gap}: nobody is enrolled in it")
        outcome = send(self.calls.get_workflow(flow_id))
        if isinstance(outcome, Refused) and outcome.status == 404:
            return CheckLine.change(
                subject, f"HubSpot has no workflow {flow_id}; make it ({HOW}), or correct products.yaml"
            )
        if not isinstance(outcome, Answered) or not isinstance(outcome.body, dict):
            reason = getattr(outcome, "reason", "the answer is not a workflow")
            return CheckLine.note(
                subject,
                f"workflow {flow_id} cannot be read ({reason}): with the scope automation leadops would see"
                " whether it is on",
            )
        return describe_workflow(subject, outcome.body, mark=self.settings.enrolments.mark, place=place)


def describe_workflow(subject: str, flow: dict[str, Any], *, mark: str, place: ProgrammeStep) -> CheckLine:
    """Return whether a workflow as HubSpot describes it begins by the property `mark` for this step."""
    name = f"workflow {flow.get('id')}"
    if flow.get("objectTypeId") not in (None, CONTACT):
        return CheckLine.change(subject, f"{name} is not about contacts; make one that is ({HOW})")
    criteria = flow.get("enrollmentCriteria")
    text = json.dumps(criteria, ensure_ascii=False)
    if f'"{mark}"' not in text or str(place) not in text:
        return CheckLine.change(
            subject, f"{name} does not begin by the property {mark} with {place}; set its trigger ({HOW})"
        )
    is_once = isinstance(criteria, dict) and criteria.get("type") != "EVENT_BASED"
    if is_once and criteria.get("shouldReEnroll") is not True:  # type: ignore[union-attr]
        return CheckLine.change(
            subject, f"{name} takes a contact once for all; allow re-enrollment by {mark} ({HOW})"
        )
    if flow.get("isEnabled") is not True:
        return CheckLine.change(subject, f"{name} is off; turn it on in HubSpot")
    return CheckLine.ok(subject, f"{name} is on, and begins by {mark}")
