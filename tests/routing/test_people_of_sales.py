"""The whole way: a CRM lists users without profiles, reps.yaml lays them over, leads are assigned."""

from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from leadops.configuration import Config
from leadops.crm.poll import poll_crm
from leadops.db import Connection
from leadops.routing.explain_routing import explain_routing
from leadops.routing.lint_rules import lint_rules
from leadops.routing.team import read_team
from tests.alerts.checking import CALENDAR
from tests.crm.conftest import Crm, crm
from tests.incidents.test_run_checks import look_at_all
from tests.routing.conftest import TOKYO, Office

__all__ = ["CALENDAR", "crm"]

USERS = [
    {"id": "101", "email": "Aoi@example.com", "name": "Aoi"},
    {"id": "102", "email": "ren@example.com", "name": "Ren", "capacity_per_day": 1},
    {"id": "103", "email": "yui@example.com", "name": "Yui"},
    {"id": "104", "email": "old@example.com", "name": "Old", "archived": True},
    {"id": "105", "email": "ops@example.com", "name": "Marketing"},
]
REPS = {
    "aoi@example.com": {
        "regions": ["Kanto"],
        "languages": ["ja"],
        "working_hours": {"days": [1, 2, 3, 4, 5], "start": "09:00", "end": "18:00"},
        "zone": "Asia/Tokyo",
    },
    "102": {"regions": ["Kansai"], "languages": ["ja"], "zone": "Asia/Tokyo"},
    "old@example.com": {"regions": ["Kanto"], "languages": ["ja"]},
    "105": {"gets_leads": False},
    "gone@example.com": {"regions": ["Kanto"]},
}


@pytest.fixture
def poll(connection: Connection, crm: Crm) -> Any:
    def poll(users: list[dict[str, Any]]) -> None:
        requests.put(f"{crm.url}/_crm/reps", json={"items": users}, timeout=60).raise_for_status()
        poll_crm(connection, crm.client, now=crm.clock())
        connection.commit()

    return poll


def read_rules(folder: Path, **files: Any) -> Config:
    for name, content in files.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return Config(folder)


def test_users_without_profiles_get_leads_by_the_file(
    connection: Connection, office: Office, poll: Any, tmp_path: Path
) -> None:
    poll(USERS)
    config = read_rules(tmp_path, reps={"reps": REPS})
    office.rules = config.routing
    office.mql(1, 0, region="Kanto", language="ja")  # Aoi alone covers Kanto
    office.mql(2, 1, region="Kansai", language="ja")  # Ren covers Kansai
    office.mql(3, 2, region="Kansai", language="ja")  # Ren's capacity in the CRM is one lead: Aoi by language
    office.mql(4, 3, region="Kyushu", language="ja")  # nobody covers Kyushu: Aoi, Ren being full
    office.mql(5, 4, region="EMEA", language="de")  # nobody speaks German: everybody, so Aoi
    office.assign(5)
    assert [office.owner(lead) for lead in range(1, 6)] == ["101", "102", "101", "101", "101"]
    _, (step,) = explain_routing(connection, "5")
    reasons = {rep: group["why"] for group in step.passed_over for rep in group["reps"]}
    assert reasons["103"] == "has no profile (reps.yaml)"
    assert reasons["104"] == "is inactive in the CRM"
    assert reasons["105"] == "gets no leads (reps.yaml)"
    assert reasons["102"] == "has had 1 leads today, capacity 1"
    findings = lint_rules(office.rules, read_team(connection, rules=office.rules, zone=TOKYO))
    assert [finding for finding in findings if "reps.yaml" in finding] == [
        "103 has no profile and gets no leads: give them an entry in reps.yaml",
        "104 is inactive in the CRM, but reps.yaml has an entry old@example.com",
        "reps.yaml: the entry gone@example.com fits nobody in the CRM",
    ]


def test_operations_hear_of_who_has_no_profile_until_everybody_has_one(
    connection: Connection, office: Office, poll: Any, tmp_path: Path
) -> None:
    poll(USERS)
    office.rules = read_rules(tmp_path, reps={"reps": REPS}).routing
    office.assign(0)
    office.assign(1)
    key = ("reps_without_profile", "reps")
    assert key in look_at_all(connection, now=office.at(1))
    facts = connection.execute("select facts from incidents.incidents where kind = %s", [key[0]]).fetchone()
    assert facts == ({"count": 1, "rep_ids": ["103"]},)
    assert connection.execute("select since from routing.unprofiled_reps").fetchone() == (office.at(0),)
    office.rules = read_rules(
        tmp_path, reps={"reps": REPS | {"yui@example.com": {"languages": ["ko"]}}}
    ).routing
    office.assign(2)
    look_at_all(connection, now=office.at(2))
    assert key not in look_at_all(connection, now=office.at(6))


def test_a_setting_lets_them_get_leads_by_the_defaults(office: Office, poll: Any, tmp_path: Path) -> None:
    poll([{"id": "103", "email": "yui@example.com"}])
    office.mql(1, 0, region="Kanto", language="ja")
    office.rules = read_rules(tmp_path).routing
    office.assign(1)
    assert office.owner() == "sales"
    office.rules = read_rules(tmp_path, reps={"without_profile": "leads"}).routing
    office.assign(2)
    assert office.owner() == "103"


def test_two_entries_and_an_entry_for_two_are_named(
    connection: Connection, office: Office, poll: Any, tmp_path: Path
) -> None:
    poll([{"id": "1", "email": "a@x.example"}, {"id": "2", "email": "A@x.example"}])
    reps = {"1": {"languages": ["ja"]}, "a@x.example": {"languages": ["de"]}}
    rules = read_rules(tmp_path, reps={"reps": reps}).routing
    team = read_team(connection, rules=rules, zone=TOKYO)
    assert [sorted(rep.covers["language"]) for rep in team] == [["ja"], ["de"]]
    findings = [finding for finding in lint_rules(rules, team) if "reps.yaml" in finding]
    assert findings == [
        "reps.yaml has two entries for 1: 1 counts, not a@x.example",
        "reps.yaml: the entry a@x.example fits several users of the CRM: 1, 2",
    ]


def test_one_address_of_two_users_gives_its_entry_to_neither(
    connection: Connection, office: Office, poll: Any, tmp_path: Path
) -> None:
    """The entry takes one lead a day: two users who both got it would take two."""
    reps = {"a@x.example": {"languages": ["ja"], "capacity_per_day": 1}, "9": {"languages": ["ja"]}}
    office.rules = read_rules(tmp_path, reps={"reps": reps}).routing
    twins = [{"id": "1", "email": "a@x.example"}, {"id": "2", "email": "A@x.example", "capacity_per_day": 5}]
    poll([*twins, {"id": "9", "email": "k@x.example"}])
    for lead in (1, 2, 3):
        office.mql(lead, 0, language="ja")
    office.assign(1)
    assert [office.owner(lead) for lead in (1, 2, 3)] == ["9", "9", "9"]
    look_at_all(connection, now=office.at(1))
    facts = connection.execute("select facts from incidents.incidents where kind = 'reps_without_profile'")
    assert facts.fetchone() == ({"count": 2, "rep_ids": ["1", "2"]},)
    team = read_team(connection, rules=office.rules, zone=TOKYO)
    assert [finding for finding in lint_rules(office.rules, team) if "reps.yaml" in finding] == [
        "reps.yaml: the entry a@x.example fits several users of the CRM, none of whom gets leads: 1, 2;"
        " give each an entry by id",
    ]


@pytest.mark.parametrize(
    ("entry", "change", "excluded"),
    [
        ({"capacity_per_day": 1}, {"active": False}, [None, "is inactive in the CRM"]),
        ({"gets_leads": False}, {}, ["gets no leads (reps.yaml)"] * 2),
    ],
)
def test_who_has_left_shares_no_entry_and_nobody_in_sales_is_said_of_all(
    connection: Connection, poll: Any, tmp_path: Path, entry: Any, change: Any, excluded: list[str | None]
) -> None:
    poll([{"id": "1", "email": "a@x.example"}, {"id": "2", "email": "a@x.example"} | change])
    rules = read_rules(tmp_path, reps={"reps": {"a@x.example": entry}}).routing
    assert [rep.excluded for rep in read_team(connection, rules=rules, zone=TOKYO)] == excluded


def test_an_inactive_owner_loses_the_account_with_the_next_lead(
    office: Office, poll: Any, tmp_path: Path
) -> None:
    reps = {"101": {"languages": ["ja"]}, "102": {"languages": ["ja"]}}
    office.rules = read_rules(tmp_path, reps={"reps": reps}, routing={"rules": [{"name": "all"}]}).routing
    poll(USERS[:1])
    office.mql(1, 0, company="Acme")
    office.assign(1)
    poll([USERS[0] | {"active": False}, USERS[1]])
    office.mql(2, 2, company="Acme")
    office.assign(3)
    assert (office.owner(1), office.owner(2)) == ("101", "102")
    assert office.rows("select rep_id from routing.accounts") == [("102",)]


def test_the_hash_of_the_rules_says_that_the_people_changed(tmp_path: Path) -> None:
    before = read_rules(tmp_path).routing.fingerprint()
    after = read_rules(tmp_path, reps={"reps": {"101": {"languages": ["ja"]}}}).routing.fingerprint()
    assert before != after
