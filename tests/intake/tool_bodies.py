"""Bodies as the tools' own pages show them, with people of ours in them."""

import json
from typing import Any

TYPEFORM: dict[str, Any] = {
    "event_id": "LtWXD3crgy",
    "event_type": "form_response",
    "form_response": {
        "form_id": "lT4Z3j",
        "token": "a3a12ec67a1365927098a606107fac15",
        "submitted_at": "2026-07-01T09:20:00Z",
        "landed_at": "2026-07-01T09:18:00Z",
        "hidden": {"anonymous_id": "b-4711", "utm_campaign": "summer"},
        "definition": {"id": "lT4Z3j", "title": "Contact us", "fields": []},
        "answers": [
            {
                "type": "email",
                "email": "ann@buyers.example",
                "field": {"id": "S", "type": "email", "ref": "r-1"},
            },
            {"type": "text", "text": "Ann", "field": {"id": "J", "type": "short_text", "ref": "first_name"}},
            {"type": "number", "number": 120, "field": {"id": "N", "type": "number", "ref": "employees"}},
            {"type": "boolean", "boolean": True, "field": {"id": "L", "type": "legal", "ref": "consent"}},
            {
                "type": "choices",
                "choices": {"labels": ["London", "Sydney"]},
                "field": {"id": "P", "type": "multiple_choice", "ref": "cities"},
            },
            {
                "type": "choice",
                "choice": {"label": "Blue"},
                "field": {"id": "Q", "type": "dropdown", "ref": "colour"},
            },
        ],
    },
}
WEBFLOW: dict[str, Any] = {
    "triggerType": "form_submission",
    "payload": {
        "name": "Contact Us",
        "siteId": "65427cf400e02b306eaa049c",
        "data": {
            "First Name": "Zaphod",
            "Last Name": "Beeblebrox",
            "email": "zaphod@heartofgold.example",
            "Phone Number": 15550000000,
        },
        "schema": [{"fieldName": "First Name", "fieldType": "FormTextInput"}],
        "submittedAt": "2026-07-01T09:20:00.000Z",
        "id": "6321ca84df3949bfc6752327",
        "formId": "65429eadebe8a9f3a30f62d0",
    },
}
HUBSPOT: dict[str, Any] = {
    "vid": 4711,
    "portal-id": 62515,
    "is-contact": True,
    "properties": {
        "email": {"value": "ann@buyers.example", "versions": []},
        "firstname": {"value": "Ann"},
        "company": {"value": "Buyers"},
        "lifecyclestage": {"value": "lead"},
        "recent_conversion_date": {"value": "1782897600000"},  # 2026-07-01T09:20:00Z
        "recent_conversion_event_name": {"value": "Contact us"},
    },
    "form-submissions": [{"conversion-id": "c-77", "form-id": "f-1", "title": "Contact us"}],
}
FACEBOOK: dict[str, Any] = {
    "object": "page",
    "entry": [
        {
            "id": "153125381133",
            "time": 1782897601,
            "changes": [
                {
                    "field": "leadgen",
                    "value": {
                        "leadgen_id": "444444444444",
                        "page_id": "153125381133",
                        "form_id": "555",
                        "created_time": 1782897600,
                    },
                },
                {"field": "leadgen", "value": {"leadgen_id": "444444444445", "form_id": "555"}},
            ],
        }
    ],
}
#: What the Graph API says of a lead.
FACEBOOK_DETAILS: dict[str, Any] = {
    "created_time": "2026-07-01T09:20:00+0000",
    "id": "444444444444",
    "form_id": "555",
    "field_data": [
        {"name": "email", "values": ["ann@buyers.example"]},
        {"name": "full_name", "values": ["Ann Sato"]},
        {"name": "company_name", "values": ["Buyers"]},
    ],
}
GOOGLE: dict[str, Any] = {
    "lead_id": "TeSter-123-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "user_column_data": [
        {"column_name": "Full Name", "string_value": "Ann Sato", "column_id": "FULL_NAME"},
        {"column_name": "Work Email", "string_value": "ann@buyers.example", "column_id": "WORK_EMAIL"},
        {"column_name": "What is your budget?", "string_value": "1M", "column_id": "what_is_your_budget?"},
    ],
    "api_version": "1.0",
    "form_id": 40000000000,
    "campaign_id": 123,
    "google_key": "the-key-that-the-advertiser-typed",
    "is_test": False,
    "gcl_id": "x",
}


def dump(body: object) -> bytes:
    return json.dumps(body).encode()
