"""What `leadops check ma` asks Salesforce about programmes: the fields of a message, and each campaign."""

from collections.abc import Iterator, Sequence

from leadops.clients.answer_shapes import AnswerShapeError
from leadops.clients.call_outcomes import Answered
from leadops.products.check_line import CheckLine
from leadops.products.enrolment import ProgrammeStep
from leadops.products.product_rows import Call, SendCall
from leadops.products.salesforce.salesforce_bodies import form_query, quote_text
from leadops.products.salesforce.salesforce_check import check_writable, explain, read_fields
from leadops.products.salesforce.salesforce_ids import write_id
from leadops.products.salesforce.salesforce_leads import read_records
from leadops.products.salesforce.salesforce_members import CAMPAIGN, MEMBER, NOT_A_CAMPAIGN
from leadops.products.salesforce.salesforce_settings import SalesforceSettings


def check_campaigns(
    settings: SalesforceSettings, places: Sequence[ProgrammeStep], send: SendCall
) -> Iterator[CheckLine]:
    """Yield a line for each field of a message, then one for each step."""
    enrolments = settings.enrolments
    if unused := list(enrolments.report_unused(places, product="salesforce")):
        yield from unused
        return
    outcome = send(Call("GET", settings.path(f"sobjects/{MEMBER}/describe")))
    fields = read_fields(outcome)
    if fields is None:
        yield CheckLine.change(
            MEMBER,
            f"cannot be described ({explain(outcome)}); make leadops' user a Marketing User with access to"
            " campaigns",
        )
        return
    for name in enrolments.list_tokens():
        yield check_writable(MEMBER, name, fields)
    for place in places:
        yield _check_step(settings, place, send)


def _check_step(settings: SalesforceSettings, place: ProgrammeStep, send: SendCall) -> CheckLine:
    subject, named = f"step {place}", settings.enrolments.find_id(place)
    if named is None:
        gap = settings.enrolments.find_gap(place, product="salesforce", what="campaign")
        return CheckLine.change(subject, f"{gap}: nobody is enrolled in it")
    if (campaign := write_id(named)) is None:
        return CheckLine.change(subject, f"{NOT_A_CAMPAIGN}: correct products.yaml")
    call = form_query(settings, CAMPAIGN, ("Id", "IsActive"), f"Id = {quote_text(campaign)}")
    outcome = send(call)
    try:
        records = read_records(outcome.body if isinstance(outcome, Answered) else None, CAMPAIGN)
    except AnswerShapeError:
        return CheckLine.change(
            subject, f"campaign {campaign} cannot be read ({explain(outcome)}); give leadops' user access"
        )
    if not records:
        return CheckLine.change(
            subject,
            f"there is no campaign {campaign}, or leadops' user does not see it: correct products.yaml",
        )
    if records[0].get("IsActive") is not True:
        return CheckLine.change(subject, f"campaign {campaign} is not active; tick Active there")
    return CheckLine.ok(subject, f"campaign {campaign} is active")
