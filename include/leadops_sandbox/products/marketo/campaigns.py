"""Marketo's smart campaigns: requested for leads, which each of them takes by its own rule."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from leadops_sandbox.ma.store import Enrolment
from leadops_sandbox.products.marketo.answers import answer_call, refuse_call
from leadops_sandbox.products.marketo.leads import read_object

if TYPE_CHECKING:
    from leadops_sandbox.products.marketo.face import Marketo, SmartCampaign

BORN = "2024-01-01T00:00:00Z"
ASSET_BORN = "2024-01-01T00:00:00Z+0000"


def routes(face: "Marketo") -> list[Route]:
    """Return the routes of smart campaigns."""

    async def request_campaign(request: Request) -> Response:
        campaign_id, body = request.path_params["campaign_id"], await read_object(face, request)
        campaign = face.settings.campaigns.get(campaign_id)
        if campaign is None:
            raise refuse_call(face, "1013", "Campaign not found")
        if not (campaign.active and campaign.requestable):
            raise refuse_call(face, "1003", "Campaign is not active, or has no Web Service API trigger")
        wanted = body.get("input")
        given = wanted if isinstance(wanted, dict) else {}
        leads, tokens = given.get("leads"), given.get("tokens") or []
        if not isinstance(leads, list) or not leads:
            raise refuse_call(face, "1002", "Missing value for required parameter 'leads'")
        if len(leads) > face.settings.request_limit:
            raise refuse_call(face, "1003", f"Max number of leads is {face.settings.request_limit}")
        numbers = [row.get("id") for row in leads]
        for number in numbers:
            if face.leads.find(number) is None:
                raise refuse_call(face, "1004", f"Lead [{number}] not found")
        message = {str(token.get("name")): token.get("value") for token in tokens}
        for number in numbers:
            run_campaign(face, campaign_id, campaign, int(number), message)
        return answer_call(face, [{"id": int(campaign_id)}])

    async def get_campaign(request: Request) -> Response:
        campaign_id = request.path_params["campaign_id"]
        campaign = face.settings.campaigns.get(campaign_id)
        if campaign is None:
            return answer_call(face, warnings=["No assets found for the given search criteria."])
        return answer_call(face, [show_campaign(campaign_id, campaign)])

    async def list_memberships(request: Request) -> Response:
        lead = face.leads.find(request.path_params["lead_id"])
        if lead is None:
            raise refuse_call(face, "1004", "Lead not found")
        shown_until = face.now() - timedelta(seconds=face.settings.membership_lag_seconds)
        last = {
            run.name.program: run.at for run in list_runs(face, lead.id) if run.at <= shown_until.isoformat()
        }
        rows = [
            {"smartCampaignId": int(name), "createdAt": BORN, "updatedAt": at} for name, at in last.items()
        ]
        return answer_call(face, rows or None)

    return [
        Route("/rest/v1/campaigns/{campaign_id}/trigger.json", request_campaign, methods=["POST"]),
        Route("/rest/asset/v1/smartCampaign/{campaign_id}.json", get_campaign, methods=["GET"]),
        Route("/rest/v1/leads/{lead_id:int}/smartCampaignMembership.json", list_memberships, methods=["GET"]),
    ]


def list_runs(face: "Marketo", lead_id: int) -> list[Enrolment]:
    """Return what smart campaigns did with a lead, oldest first."""
    return [run for run in face.world.ma.enrolments if run.name.lead_id == lead_id]


def run_campaign(
    face: "Marketo", campaign_id: str, campaign: "SmartCampaign", lead_id: int, message: dict[str, Any]
) -> None:
    """Let a lead through a campaign, unless its rule keeps it out: then nobody hears of it."""
    before = [run for run in list_runs(face, lead_id) if run.name.program == campaign_id]
    if before and campaign.rule == "once":
        return
    oldest = (face.now() - timedelta(days=campaign.days)).isoformat()
    if before and campaign.rule == "interval" and before[-1].at > oldest:
        return
    face.leads.enrol(lead_id, f"{campaign_id}.run.{len(before) + 1}", message)


def show_campaign(campaign_id: str, campaign: "SmartCampaign") -> dict[str, Any]:
    """Return a smart campaign as the asset API shows it."""
    shown: dict[str, Any] = {
        "id": int(campaign_id),
        "name": f"Campaign {campaign_id}",
        "createdAt": ASSET_BORN,
        "updatedAt": ASSET_BORN,
        "type": "trigger",
        "status": "Active" if campaign.active else "Inactive",
        "isSystem": False,
        "isActive": campaign.active,
        "isRequestable": campaign.requestable,
        "qualificationRuleType": campaign.rule,
        "workspace": "Default",
    }
    if campaign.rule == "interval":
        shown |= {"qualificationRuleInterval": campaign.days, "qualificationRuleUnit": "day"}
    return shown
