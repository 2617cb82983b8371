"""Acts of somebody erased: what was found of them stays, whatever the settings say later."""

from zoneinfo import ZoneInfo

from leadops.erase_person import ErasureContext, erase_person
from leadops.erased.erased_filter import VARIABLE, ErasedFilter
from leadops.lanes import Lane
from leadops.machines.classify_acts import classify_acts, create_classified
from leadops.scoring.preview_machines import preview_machines
from leadops.scoring.scoring_inbox import enqueue_classified
from tests.shipped import SHIPPED, change

from .conftest import LATER, RULES, START, MailWorld

ANN, BOB = "ann@buyer.example", "bob@other.example"
CONTEXT = ErasureContext(
    ErasedFilter.of({VARIABLE: "a key of at least 32 characters."}),
    SHIPPED.company,
    SHIPPED.kpi,
    SHIPPED.attribution,
)


def clicks(world: MailWorld) -> None:
    """Ann's and Bob's gateways fetch two links of a mail each."""
    world.classify(
        [
            world.act(
                "mail_click",
                seconds,
                who=who,
                link=f"https://x.example/{seconds}",
                event_id=f"{who}{seconds}",
            )
            for who in (ANN, BOB)
            for seconds in (0, 0.5)
        ]
    )


def test_changed_settings_leave_the_acts_of_the_erased_alone(world: MailWorld) -> None:
    clicks(world)
    connection = world.connection
    (ann,) = erase_person(connection, ANN, context=CONTEXT, erased_by="ops", now=LATER).lead_ids
    none = change(world.settings, signals=dict.fromkeys(type(world.settings.signals).model_fields))
    preview = preview_machines(
        connection,
        machines=none,
        rules=RULES,
        zone=ZoneInfo("UTC"),
        since=START,
        now=LATER,
        max_leads=10,
    )
    assert preview.leads == 1
    with connection.transaction():
        assert enqueue_classified(connection, lane=Lane.BACKFILL) == 1
        # Not even where somebody else, such as a merge, asks for it.
        create_classified(connection)
        connection.execute("insert into classified (person_id, lead_id) values (%s, %s)", [ann, ann])
        classify_acts(connection, settings=none, now=LATER)
    world.classify(settings=none)
    verdicts = world.rows("select lead_id, freed_because is null from machines.verdicts order by 1, 2")
    assert sorted(verdicts) == sorted(
        [(ann, True)] * 2 + [(lead, False) for lead, _ in verdicts if lead != ann]
    )
    assert len(verdicts) == 4
    assert world.rows("select points from scoring.ledger where lead_id = %s", ann) == []
    assert world.counted() == {f"{BOB}{seconds}": 3 for seconds in (0, 0.5)}
