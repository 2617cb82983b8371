"""The fields of Odoo's models, and how times are written."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from leadops_sandbox.products.odoo.face import Odoo

STAMPS = ("create_date", "write_date")
#: The fields of each model beside those of the settings, which leads have.
FIELDS: dict[str, dict[str, str]] = {
    "crm.lead": {
        "id": "integer",
        "type": "selection",
        "create_date": "datetime",
        "write_date": "datetime",
        "date_closed": "datetime",
        "date_last_stage_update": "datetime",
        "probability": "float",
        "display_name": "char",
        "email_normalized": "char",
        "tag_ids": "many2many",
    },
    "crm.tag": {"id": "integer", "name": "char"},
    "mail.blacklist": {"id": "integer", "email": "char", "active": "boolean"},
    "res.users": {
        "id": "integer",
        "name": "char",
        "login": "char",
        "email": "char",
        "active": "boolean",
        "share": "boolean",
        "tz": "selection",
        "lang": "selection",
        "create_date": "datetime",
        "write_date": "datetime",
    },
    "crm.stage": {"id": "integer", "name": "char", "sequence": "integer", "is_won": "boolean"},
    "mail.message": {
        "id": "integer",
        "model": "char",
        "res_id": "integer",
        "date": "datetime",
        "subject": "char",
        "message_type": "selection",
        "subtype_id": "many2one",
        "mail_activity_type_id": "many2one",
        "create_uid": "many2one",
        "tracking_value_ids": "one2many",
        "create_date": "datetime",
        "write_date": "datetime",
    },
    "mail.activity": {
        "id": "integer",
        "res_model": "char",
        "res_id": "integer",
        "activity_type_id": "many2one",
        "user_id": "many2one",
        "date_deadline": "date",
        "create_date": "datetime",
        "write_date": "datetime",
    },
    "mail.tracking.value": {
        "id": "integer",
        "mail_message_id": "many2one",
        "field_desc": "char",
        "old_value_char": "char",
        "new_value_char": "char",
        "create_date": "datetime",
        "write_date": "datetime",
    },
}
#: Odoo's kinds of activities for those of the world; a done activity leaves a message with its kind.
ACTIVITY_TYPES = {"mail": (1, "Email"), "call": (2, "Call"), "meeting": (3, "Meeting"), "task": (4, "To Do")}
#: What messages are about.
SUBTYPES = {
    "note": (2, "Note"),
    "activity": (3, "Activities"),
    "stage": (6, "Stage Changed"),
    "won": (7, "Opportunity Won"),
    "lost": (8, "Opportunity Lost"),
}
BORN = datetime(2024, 1, 1, tzinfo=UTC)


class Record(NamedTuple):
    """A record: how to read a field of it, and when it changed last."""

    id: int
    read: Callable[[str], Any]
    stamp: datetime


def write_stamp(moment: datetime) -> str:
    """Return a time as Odoo writes it: UTC without saying so, in whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def field_types(face: "Odoo", model: str) -> dict[str, str]:
    """Return the fields of a model with their types."""
    own = dict(FIELDS[model])
    if model == "crm.lead":
        words = {"number": "integer", "string": "char", "owner": "many2one"}
        own |= {name: words.get(known.type, known.type) for name, known in face.settings.fields.items()}
    return own
