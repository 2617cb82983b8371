from typing import Any

import pytest
import requests

from leadops_sandbox.settings import Tokens

from ...conftest import Running
from ..conftest import Serve

DATA = "/services/data/v66.0"
LEADS = f"{DATA}/composite/sobjects/Lead/LeadOps_Id__c"
NO_RULES = {"Sforce-Auto-Assign": "FALSE"}


class SalesforceCaller:
    """Calls Salesforce's routes with a session; every answer as it is."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.session = self.sign_in()

    def sign_in(self, **form: str) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": "sandbox-client",
            "client_secret": Tokens().crm,
        } | form
        answer = requests.post(self.running.url + "/services/oauth2/token", data=form, timeout=60)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def __call__(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.session}"} | options.pop("headers", {})
        return requests.request(
            method, self.running.url + path, json=body, headers=headers, timeout=60, **options
        )

    def upsert(self, *records: dict[str, Any], headers: dict[str, str] = NO_RULES, **body: Any) -> Any:
        records_of = [{"attributes": {"type": "Lead"}, **record} for record in records]
        body = {"allOrNone": False, "records": records_of} | body
        return self("PATCH", LEADS, body, headers=headers)

    def update(self, *records: dict[str, Any], sobject: str = "Lead", **options: Any) -> Any:
        records_of = [{"attributes": {"type": sobject}, **record} for record in records]
        options = {"headers": NO_RULES} | options
        return self("PATCH", f"{DATA}/composite/sobjects", {"records": records_of}, **options)

    def make(self, number: int, **fields: Any) -> str:
        """Make a lead by leadops' id; return Salesforce's."""
        result = self.upsert(lead(number, **fields)).json()[0]
        assert result["success"], result
        return str(result["id"])

    def query(self, soql: str, **options: Any) -> requests.Response:
        return self("GET", f"{DATA}/query", params={"q": soql}, **options)

    def rows(self, soql: str) -> list[dict[str, Any]]:
        answer = self.query(soql)
        assert answer.status_code == 200, answer.text
        return [{k: v for k, v in row.items() if k != "attributes"} for row in answer.json()["records"]]

    def score(self, lead_id: str) -> float | None:
        row = self.rows(f"SELECT LeadOps_Score__c FROM Lead WHERE Id = '{lead_id}'")[0]
        value: float | None = row["LeadOps_Score__c"]
        return value

    def fault(self, kind: str, **more: Any) -> None:
        rule = {"target": "salesforce", "kind": kind} | more
        assert self.running.admin("POST", "/_faults", rule).status_code == 201

    def act(self, lead_number: int, kind: str, **more: Any) -> None:
        activity = {"lead_id": str(lead_number), "kind": kind, "rep_id": "rep-01"} | more
        assert self.running.admin("POST", "/_crm/activities", activity).status_code == 201


def lead(number: int, **fields: Any) -> dict[str, Any]:
    """A lead as leadops would upsert it."""
    needed = {"LeadOps_Id__c": f"lead-{number}", "LastName": f"Name {number}", "Company": "Acme"}
    return needed | fields


@pytest.fixture
def salesforce(serve: Serve) -> SalesforceCaller:
    return SalesforceCaller(serve("salesforce"))
