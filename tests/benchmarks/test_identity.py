from benchmarks.identity import fill_events, fill_history, fill_leads, resolve_all
from leadops.db import Connection


def test_a_tenth_is_new_and_some_are_joined_whatever_lies_before(connection: Connection) -> None:
    fill_leads(connection, first=1, leads=500)
    fill_events(connection, batch="one", events=2_000, leads=500)
    count = "select count(*) from identity.aliases where kind = 'anonymous_id'"
    before = connection.execute(count).fetchone()
    assert resolve_all(connection)["events"] == 2_000
    after = connection.execute(count).fetchone()
    assert before == (500,)
    assert after == (700,)
    fill_leads(connection, first=501, leads=100)
    fill_history(connection, events=1_000, leads=500)
    assert connection.execute("select count(*) from identity.unresolved_events").fetchone() == (100,)
    fill_events(connection, batch="two", events=40_000, leads=500)
    done = resolve_all(connection)
    assert done["events"] == 40_000
    assert done["joined"] > 0
