"""What of Odoo can be set (odoo.yaml, the section odoo of products.yaml)."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from leadops.products.enrolment_settings import MarkedEnrolmentSettings
from leadops.settings import Settings

#: A field of crm.lead, as Odoo names them.
LeadFieldName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]

#: What a message in a lead's chatter says.
MessageMeaning = Literal["created", "stage", "lost", "restored", "mail", "note"]


class OdooLeadFields(Settings):
    """The fields of crm.lead that leadops sets."""

    score: LeadFieldName
    seq: LeadFieldName | None


class OdooSettings(Settings):
    """The names and words of one Odoo."""

    api: Literal["json-rpc", "json-2"]
    fields: OdooLeadFields
    facts: dict[str, LeadFieldName | None]
    statuses: dict[str, str]
    messages: dict[str, MessageMeaning]
    kinds: dict[str, str]
    enrolments: MarkedEnrolmentSettings


SETTINGS = OdooSettings
