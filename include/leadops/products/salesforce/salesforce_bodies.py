"""The calls that Salesforce takes: collections, single records, and queries in SOQL."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from leadops.products.product_rows import Call
from leadops.products.salesforce.salesforce_ids import CONTACT, find_object
from leadops.products.salesforce.salesforce_settings import SalesforceSettings

#: Records of one collection.
ROWS = 200
#: Records of one page of a list; a query gives at most this many at once.
PAGE = 2000
#: Salesforce's own assignment rule, which runs by default, would overwrite the owner whom leadops chose.
NO_RULES = {"Sforce-Auto-Assign": "FALSE"}
#: A change of a record that is there makes no duplicate; an alert about it would only refuse the change.
KEEP = NO_RULES | {"Sforce-Duplicate-Rule-Header": "allowSave=true"}
#: Facts that a contact does not have, since its account or its deal has them.
LEAD_ONLY = frozenset({"Company", "Status", "Industry", "Website", "Rating"})


def form_update(settings: SalesforceSettings, records: Sequence[tuple[str, Mapping[str, Any]]]) -> Call:
    """Return the call that sets fields of records by id; each row is taken or refused for itself."""
    rows = [
        {"attributes": {"type": find_object(record_id)}, "id": record_id, **keep_known(record_id, fields)}
        for record_id, fields in records
    ]
    body = {"allOrNone": False, "records": rows}
    return Call("PATCH", settings.path("composite/sobjects"), write_json(body), headers=KEEP)


def form_create(settings: SalesforceSettings, fields: Mapping[str, Any]) -> Call:
    """Return the call that makes a lead; a second one with the same external id is refused."""
    allow = str(settings.allow_duplicates).lower()
    headers = NO_RULES | {"Sforce-Duplicate-Rule-Header": f"allowSave={allow}"}
    return Call("POST", settings.path("sobjects/Lead"), write_json(dict(fields)), headers=headers)


def form_delete(settings: SalesforceSettings, record_ids: Sequence[str]) -> Call:
    """Return the call that deletes records, of whichever objects."""
    params = {"ids": ",".join(record_ids), "allOrNone": "false"}
    return Call("DELETE", settings.path("composite/sobjects"), params=params)


def form_query(
    settings: SalesforceSettings,
    sobject: str,
    fields: Sequence[str],
    *conditions: str,
    order_by: Sequence[str] = (),
    limit: int | None = None,
    deleted: bool = False,
) -> Call:
    """Return the call of a query for those records of an object that meet all `conditions`.

    With `deleted` also over records that were deleted or merged away.
    """
    parts = ["SELECT", ", ".join(dict.fromkeys(fields)), "FROM", sobject, "WHERE", " AND ".join(conditions)]
    if order_by:
        parts += ["ORDER BY", ", ".join(order_by)]
    if limit is not None:
        parts += ["LIMIT", str(limit)]
    return Call("GET", settings.path("queryAll" if deleted else "query"), params={"q": " ".join(parts)})


def keep_known(record_id: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of `fields` that the record's object has."""
    if find_object(record_id) != CONTACT:
        return dict(fields)
    return {name: value for name, value in fields.items() if name not in LEAD_ONLY}


def write_json(value: Any) -> str:
    """Return JSON; values may be numbers of any size."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def quote_text(text: str) -> str:
    """Return a text as SOQL has it, in quotes."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def write_moment(moment: datetime) -> str:
    """Return a time as SOQL has it, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
