from benchmarks.retrain import DAY, UNTIL, fill_training, settings_of_thirty
from leadops.db import Connection
from leadops.training.retrain import retrain
from tests.shipped import SHIPPED, change


def test_the_leads_that_are_filled_in_are_mature_and_can_be_learnt_from(connection: Connection) -> None:
    fill_training(connection, leads=3_000)
    settings = settings_of_thirty()
    company = change(SHIPPED.company, timezone="Asia/Tokyo")
    made = retrain(connection, day=DAY, settings=settings, company=company, now=UNTIL, dry_run=True)
    assert len(settings.features) == 30
    assert made.leads == 3_000
    assert (
        made.reached
        == connection.execute("select count(*) from lifecycle.transitions where stage = 'sql'").fetchone()[0]
    )  # type: ignore[index]
    assert made.outcome in ("first", "no_better")
    assert connection.execute("select count(*) from training.models").fetchone() == (0,)
