"""push, audit and dead-letters as a person runs them, against a real MA."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from typer.testing import CliRunner, Result

from leadops.cli.app import app
from leadops.delivery.read_back import AMBIGUOUS
from leadops.errors import PermanentError, TransientError
from leadops.migrations.rights import Part
from tests.delivery_fixture import DeliveryFixture, desk, ma_url  # noqa: F401 - fixtures
from tests.roles import as_role


@pytest.fixture
def run(desk: DeliveryFixture, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:  # noqa: F811
    host, port = desk.ma_url.rsplit(":", 1)
    connection = {"conn_type": "http", "host": host, "port": int(port), "password": desk.token}
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(desk.url, Part.TASKS))
    monkeypatch.setenv("AIRFLOW_CONN_LEADOPS_MA", json.dumps(connection))
    monkeypatch.setenv("COLUMNS", "200")
    return lambda *words: CliRunner().invoke(app, words)


def test_push_then_audit(desk: DeliveryFixture, run) -> None:  # noqa: F811
    lead = desk.add_lead()
    desk.score(lead, 15)

    pushed: Result = run("push", "--target", "ma")
    assert pushed.exit_code == 0
    assert "1 deltas and 1 effects" in pushed.output

    audited: Result = run("audit")
    assert audited.exit_code == 0
    assert "all agree" in audited.output


def test_a_dry_run_says_how_many_calls_what_waits_takes(
    desk: DeliveryFixture,  # noqa: F811
    run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lead = desk.add_lead()
    desk.score(lead, 15)
    desk.score(lead, 4)
    said = run("push", "--target", "ma", "--dry-run").output
    assert said.strip() == (
        "ma: live 1 effects and 2 score changes in 2 calls, backfill 0 effects and 0 score changes in 0 calls"
    )

    (tmp_path / "delivery.yaml").write_text(
        "targets: {ma: {daily_calls: 1, live_reserve: 0, batch_size: 1, day_ends: UTC}}\n"
    )
    monkeypatch.setenv("LEADOPS_CONFIG_DIR", str(tmp_path))
    said = " ".join(run("push", "--target", "ma", "--dry-run").output.split())
    assert "live 1 effects and 2 score changes in 3 calls (1 left today; the rest waits until" in said
    assert "backfill 0 effects and 0 score changes in 0 calls (0 left today)" in said
    assert desk.value("select count(*) from delivery.call_counts") == 0


def test_audit_names_the_lead_that_differs(desk: DeliveryFixture, run) -> None:  # noqa: F811
    lead, other = desk.add_lead(), desk.add_lead()
    desk.score(lead, 15)
    desk.score(other, 4)
    run("push", "--target", "ma")
    desk.value("update scoring.scores set behaviour = behaviour + 1 where lead_id = %s returning 1", lead)

    audited: Result = run("audit")

    assert audited.exit_code == 1
    rows = [line.split("│")[1:-1] for line in audited.output.splitlines() if line.count("│") > 5]
    assert [[cell.strip() for cell in row] for row in rows] == [[str(lead), "15", "16", "15", "0"]]


def test_a_push_that_is_not_taken_says_so(desk: DeliveryFixture, run) -> None:  # noqa: F811
    desk.score(desk.add_lead(), 15)
    desk.fault("429", retry_after=600)

    result: Result = run("push", "--target", "ma", "--seconds", "1")

    assert isinstance(result.exception, TransientError)
    assert "stays on record" in str(result.exception)


def _bury_one(desk: DeliveryFixture, run) -> int:  # noqa: F811
    lead = desk.add_lead()
    run("push", "--target", "ma")
    desk.score(lead, 15)
    desk.fault("rejected_rows", share=1.0, count=1)
    run("push", "--target", "ma")
    return lead


def test_a_dead_letter_can_be_sent_again(desk: DeliveryFixture, run) -> None:  # noqa: F811
    lead = _bury_one(desk, run)
    listed: Result = run("dead-letters", "list")
    assert f" {lead} " in listed.output
    assert " 15 " in listed.output

    assert run("dead-letters", "retry", "--all").exit_code == 0
    run("push", "--target", "ma")

    assert desk.ma_score(lead) == 15
    assert run("audit").exit_code == 0
    assert "no dead letters" in run("dead-letters", "list").output


def test_a_dropped_dead_letter_is_written_off_so_that_all_numbers_agree(desk: DeliveryFixture, run) -> None:  # noqa: F811
    lead = _bury_one(desk, run)

    assert run("dead-letters", "drop", "--all").exit_code == 0
    run("push", "--target", "ma")

    assert desk.ma_score(lead) == 0
    assert desk.value("select total from scoring.scores where lead_id = %s", lead) == 0
    assert "all agree" in run("audit").output
    assert "0 with points under way" in run("audit").output


def test_a_refused_lead_goes_out_again_under_a_new_key(desk: DeliveryFixture, run) -> None:  # noqa: F811
    lead = desk.add_lead(email="no address at all")
    run("push", "--target", "ma")
    address = f"mended.{lead}.{desk.url[-12:]}@example.com"
    desk.value(
        "update delivery.outbox set payload = jsonb_build_object('email', %s::text) returning 1", address
    )

    run("dead-letters", "retry", "--all")
    run("push", "--target", "ma")

    assert desk.ma_score(lead) == 0
    assert desk.value("select idempotency_key from delivery.outbox").endswith("-again")


def test_which_dead_letters_must_be_said(run) -> None:
    result: Result = run("dead-letters", "drop")
    assert isinstance(result.exception, PermanentError)
    result = run("dead-letters", "retry", "4711")
    assert str(result.exception) == "no open dead letter 4711"


def test_audit_puts_the_ma_right_when_it_is_told_to(desk: DeliveryFixture, run) -> None:  # noqa: F811
    lead = desk.add_lead()
    desk.score(lead, 15)
    run("push", "--target", "ma")
    ma_id = desk.value("select external_id from delivery.external_ids where lead_id = %s", lead)
    update = {"deltaId": f"cli-{ma_id}", "leadId": int(ma_id), "delta": 3, "reason": "by hand"}
    headers = {"Authorization": f"Bearer {desk.token}"}
    requests.post(
        f"{desk.ma_url}/api/lead/score", json=update, headers=headers, timeout=60
    ).raise_for_status()
    assert run("audit").exit_code == 1

    corrected: Result = run("audit", "--correct")

    assert (corrected.exit_code, "1 differ, 1 are corrected" in corrected.output) == (0, True)
    run("push", "--target", "ma")
    assert run("audit").exit_code == 0
    assert desk.value("select audited_by from delivery.audits").startswith("leadops audit, ")


def test_leads_of_the_ma_that_are_not_ours_are_named_by_their_id(desk: DeliveryFixture, run) -> None:  # noqa: F811
    body = {"email": f"{desk.url[-12:]}@stranger.example"}
    headers = {"Authorization": f"Bearer {desk.token}"}
    made = requests.post(f"{desk.ma_url}/api/leads", json=body, headers=headers, timeout=60).json()
    output = run("audit", "--limit", "100000").output
    assert "in the MA, but not ours, with their scores: " in output
    assert f"{made['leadId']} (0)" in output or output.count("(") > 49
    assert "stranger.example" not in output


def test_score_changes_of_unknown_outcome_are_resolved_as_suggested(desk: DeliveryFixture, run) -> None:  # noqa: F811
    """Of two letters of one lead the MA has the second: its score says so."""
    lead = desk.add_lead()
    desk.score(lead, 5)
    run("push", "--target", "ma")
    desk.score(lead, 10)
    desk.value("update delivery.cursors set ledger_seq = (select max(seq) from scoring.ledger) returning 1")
    desk.value(
        "insert into delivery.dead_letters (target, kind, reference, lead_id, points, reason, died_at)"
        " select 'ma', 'delta', seq, lead_id, points, %s, now() from scoring.ledger order by points desc"
        " returning 1",
        AMBIGUOUS,
    )

    shown = run("dead-letters", "suggest")
    rows = [line.split("│")[1:-1] for line in shown.output.splitlines() if line.count("│") > 5]
    assert [[cell.strip() for cell in row] for row in rows] == [
        ["1", str(lead), "10", "5", "0", "not applied", ""],
        ["2", str(lead), "5", "5", "0", "applied", ""],
    ]
    assert isinstance(run("dead-letters", "resolve").exception, PermanentError)
    resolved = run("dead-letters", "resolve", "--as-suggested")
    assert "1 had arrived, 1 go out again with the next push, 0 are unclear" in resolved.output
    run("push", "--target", "ma")
    assert desk.ma_score(lead) == 15
    assert "all agree" in run("audit").output
    assert "no score changes of unknown outcome" in run("dead-letters", "suggest").output


def test_gone_leads_are_listed_and_recreated(desk: DeliveryFixture, run) -> None:  # noqa: F811
    lost, kept = desk.add_lead(), desk.add_lead()
    for lead in (lost, kept):
        desk.score(lead, 15)
    run("push", "--target", "ma")
    assert "no leads are gone" in run("gone", "list").output
    ma_id = desk.ma_id(lost)
    desk.by_hand(ma_id, "delete")

    audited: Result = run("audit")
    assert audited.exit_code == 0
    assert "1 gone from the MA: all agree" in audited.output
    corrected: Result = run("audit", "--correct")
    assert corrected.exit_code == 0
    assert "0 newly missing in the MA, 1 gone from it" in corrected.output
    desk.score(lost, 4)
    run("push", "--target", "ma")

    (row,) = [
        [cell.strip() for cell in line.split("│")[1:-1]]
        for line in run("gone", "list").output.splitlines()
        if line.count("│") > 5
    ]
    assert [row[0], row[1], row[3], row[4], row[5]] == [str(lost), str(ma_id), "deleted", "19", "1"]
    assert isinstance(run("gone", "recreate").exception, PermanentError)
    recreated: Result = run("gone", "recreate", str(lost), str(kept))
    assert "1 are created in the MA with the next push\n1 are not gone" in recreated.output
    run("push", "--target", "ma")
    assert desk.ma_score(lost) == 19
    assert "no leads are gone" in run("gone", "list").output
    assert "0 gone from the MA: all agree" in run("audit").output
    assert "0 are created" in run("gone", "recreate", "--all").output


def test_an_audit_corrects_nothing_during_a_hold(desk: DeliveryFixture, run) -> None:  # noqa: F811
    desk.value("insert into delivery.holds (reason, held_at) values ('by hand', now()) returning 1")
    result: Result = run("audit", "--correct")
    assert isinstance(result.exception, PermanentError)
    assert "leadops restored" in str(result.exception)
    assert desk.value("select count(*) from delivery.audits") == 0
