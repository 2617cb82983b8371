"""What `leadops check ma` asks Marketo about programmes: if each campaign runs, and takes nobody twice."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from leadops.clients.call_outcomes import Answered
from leadops.products.check_line import CheckLine
from leadops.products.enrolment import ProgrammeStep
from leadops.products.enrolment_settings import EnrolmentSettings
from leadops.products.marketo.marketo_rows import read_results
from leadops.products.product_rows import Call, SendCall

CAMPAIGN = "/rest/asset/v1/smartCampaign/{campaign}.json"
HOW = "docs/products/marketo.md#programmes says how"


def check_campaigns(
    settings: EnrolmentSettings, places: Sequence[ProgrammeStep], send: SendCall
) -> Iterator[CheckLine]:
    """Yield a line for each step of a programme."""
    if unused := list(settings.report_unused(places, product="marketo")):
        yield from unused
        return
    for place in places:
        subject, campaign = f"step {place}", settings.find_id(place)
        if campaign is None:
            gap = settings.find_gap(place, product="marketo", what="smart campaign")
            yield CheckLine.change(subject, f"{gap}: nobody is enrolled in it")
            continue
        outcome = send(Call("GET", CAMPAIGN.format(campaign=campaign)))
        if not isinstance(outcome, Answered):
            yield CheckLine.change(
                subject,
                f"smart campaign {campaign} cannot be read ({outcome.reason}); give the role of the API user"
                " Read-Only Asset and Execute Campaign",
            )
            continue
        results = read_results(outcome.body) or []
        found = results[0] if results and isinstance(results[0], dict) else None
        yield describe_campaign(subject, campaign, found)


def describe_campaign(subject: str, campaign: str, found: Mapping[str, Any] | None) -> CheckLine:
    """Return whether a smart campaign as Marketo describes it can be requested, and takes nobody twice."""
    name = f"smart campaign {campaign}"
    if found is None:
        return CheckLine.change(subject, f"Marketo has no {name}; make it ({HOW}), or correct products.yaml")
    if found.get("isRequestable") is not True:
        return CheckLine.change(
            subject, f'{name} has no trigger "Campaign is Requested" with the source Web Service API; add it'
        )
    if found.get("isActive") is not True:
        return CheckLine.change(subject, f"{name} is not active; activate it (Schedule > Activate)")
    rule = found.get("qualificationRuleType")
    if rule != "once" and not found.get("qualificationRuleInterval"):
        return CheckLine.change(
            subject,
            f"{name} lets a person through every time, so that a request of unknown outcome could send the"
            " message twice; let it take each person once, or once in some days that are fewer than those"
            " until re-entry (Schedule > Edit Settings)",
        )
    once = "each person once" if rule == "once" else "a person not twice within its interval"
    return CheckLine.ok(subject, f"{name} is active, and takes {once}")
