"""The rows behind the numbers: who is counted, as what, and for which salesperson."""

from leadops.funnel.funnel_cells import FunnelFilter, sum_days, sum_groups
from leadops.funnel.funnel_entries import EntryPlace, FunnelEntry, count_entries, list_entries
from tests.funnel.conftest import Books, at, on

FIRST, LAST = on("06-01"), on("06-03")
ANY = FunnelFilter()


def entries(books: Books, number: str, only: FunnelFilter = ANY, **options: object) -> list[FunnelEntry]:
    given = {"first": FIRST, "last": LAST, "only": only, "after": None, "max_rows": 100, **options}
    return list_entries(books.connection, number, **given)  # type: ignore[arg-type]


def play(books: Books) -> dict[str, int]:
    """Four leads: Ann's is won, Bob's is lost and then won, one is a customer's, one waits in a queue."""
    ann, bob = books.mql(at("06-01 09:00")), books.mql(at("06-01 10:00"), campaign="autumn")
    books.reach(ann, "sal", at("06-01 11:00"), evidence={"rep_id": "ann"})
    books.reach(ann, "sql", at("06-02 11:00"))
    books.reach(ann, "won", at("06-03 11:00"), value=700)
    books.place(bob, "bob", at("06-01 10:00"))
    books.reach(bob, "lost", at("06-02 10:00"), campaign="autumn")
    books.reach(bob, "won", at("06-03 10:00"), campaign="autumn", value=300)
    customer = books.lead(at("06-02 08:00"), campaign="spring", source="search")
    books.reach(customer, "mql", at("06-02 08:00"), evidence={"account": {"means": "tell"}})
    queued = books.mql(at("06-02 12:00"), campaign=None, source=None)
    books.place(queued, None, at("06-02 12:00"))
    books.refresh_all(FIRST, LAST)
    return {"ann": ann, "bob": bob, "customer": customer, "queued": queued}


def test_each_number_opens_its_rows(books: Books) -> None:
    known = play(books)
    by_number = {
        number: [(str(entry.dt), entry.lead_id) for entry in entries(books, number)]
        for number in ("leads", "mqls", "sals", "sqls", "wons", "losts", "mqls_apart", "left_out")
    }
    first, second, third = "2026-06-01", "2026-06-02", "2026-06-03"
    assert by_number == {
        "leads": [
            (second, known["queued"]),
            (second, known["customer"]),
            (first, known["bob"]),
            (first, known["ann"]),
        ],
        "mqls": [(second, known["queued"]), (first, known["bob"]), (first, known["ann"])],
        "sals": [(first, known["ann"])],
        "sqls": [(second, known["ann"])],
        "wons": [(third, known["bob"]), (third, known["ann"])],
        "losts": [],
        "mqls_apart": [(second, known["customer"])],
        "left_out": [(second, known["bob"])],
    }
    assert [entry.counts_as for entry in entries(books, "left_out")] == ["reopened"]
    for number, rows in by_number.items():
        counted = count_entries(books.connection, number, first=FIRST, last=LAST, only=ANY)  # type: ignore[arg-type]
        assert counted == len(rows), number


def test_all_stages_of_a_cycle_are_of_who_accepted_it_or_else_has_it(books: Books) -> None:
    play(books)
    rows = sum_groups(books.connection, first=FIRST, last=LAST, by="rep")
    assert [(row.group, row.leads, row.mqls, row.sals, row.sqls, row.wons, row.value) for row in rows] == [
        ("ann", 0, 1, 1, 1, 1, 700),
        ("bob", 0, 1, 0, 0, 1, 300),
        (None, 4, 1, 0, 0, 0, 0),
    ]
    assert rows[0].sql_rate == 1
    assert rows[2].sql_rate == 0


def test_a_filter_is_one_name_or_none(books: Books) -> None:
    known = play(books)
    autumn, nothing = FunnelFilter(campaign="autumn"), FunnelFilter(campaign="")
    assert [entry.lead_id for entry in entries(books, "mqls", autumn)] == [known["bob"]]
    assert [entry.lead_id for entry in entries(books, "mqls", nothing)] == [known["queued"]]
    assert [entry.lead_id for entry in entries(books, "wons", FunnelFilter(rep="ann"))] == [known["ann"]]
    assert sum_days(books.connection, first=FIRST, last=LAST, only=autumn).wons == 1
    assert entries(books, "mqls", FunnelFilter(campaign="winter")) == []


def test_pages_follow_one_another_without_a_gap_or_a_repetition(books: Books) -> None:
    leads = [books.mql(at(f"06-0{1 + number % 2} 10:0{number}")) for number in range(7)]
    books.refresh_all(FIRST, LAST)
    seen: list[int] = []
    after = None
    while page := entries(books, "mqls", after=after, max_rows=3):
        seen += [entry.lead_id for entry in page]
        last = page[-1]
        after = EntryPlace(last.dt, last.lead_id, last.cycle, last.stage)
    assert seen == sorted(leads[1::2], reverse=True) + sorted(leads[::2], reverse=True)


def test_the_deals_of_a_cohort_are_won_on_any_day(books: Books) -> None:
    known = play(books)
    given = {"first": FIRST, "last": FIRST}
    assert [entry.lead_id for entry in entries(books, "cohort_wons", **given)] == [known["bob"], known["ann"]]
    assert entries(books, "wons", **given) == []
    assert count_entries(books.connection, "cohort_wons", first=FIRST, last=FIRST, only=ANY) == 2


def test_a_customers_deal_is_won_but_in_no_cohort(books: Books) -> None:
    customer = books.lead(at("06-01 08:00"))
    books.reach(customer, "mql", at("06-01 08:00"), evidence={"account": {"means": "tell"}})
    books.reach(customer, "sql", at("06-01 09:00"))
    books.reach(customer, "won", at("06-02 08:00"), value=50)
    books.refresh_all(FIRST, LAST)
    assert [entry.counts_as for entry in entries(books, "wons")] == ["counted"]
    assert entries(books, "cohort_wons") == []
    assert entries(books, "sqls") == []


def test_a_lead_that_goes_to_another_salesperson_is_counted_there(books: Books) -> None:
    lead = books.mql(at("06-01 10:00"))
    books.place(lead, "bob", at("06-01 10:00"))
    books.refresh(FIRST)
    books.place(lead, "ann", at("06-01 12:00"))
    assert books.refresh(on("06-02")).again == (FIRST,)
    assert [
        row.group for row in sum_groups(books.connection, first=FIRST, last=FIRST, by="rep") if row.mqls
    ] == ["ann"]
    # A late SAL names who accepted it, on every day of the cycle.
    books.reach(lead, "sql", at("06-02 12:00"))
    books.refresh(on("06-02"))
    books.reach(lead, "sal", at("06-02 09:00"), evidence={"rep_id": "cem"})
    assert set(books.refresh(on("06-03")).again) == {FIRST, on("06-02")}
    rows = sum_groups(books.connection, first=FIRST, last=LAST, by="rep")
    assert [(row.group, row.mqls, row.sals, row.sqls) for row in rows if row.mqls] == [("cem", 1, 1, 1)]


def test_a_place_that_stays_with_its_salesperson_touches_no_day(books: Books) -> None:
    lead = books.mql(at("06-01 10:00"))
    books.place(lead, "bob", at("06-01 10:00"))
    books.refresh(FIRST)
    books.ask("update routing.leads set moves = moves + 1, overdue = true returning 1")
    assert books.refresh(on("06-02")).again == ()


def test_without_a_salesperson_of_the_cycle_the_one_of_the_stage_counts(books: Books) -> None:
    lead = books.mql(at("06-01 10:00"))
    books.reach(lead, "won", at("06-02 10:00"), value=10, evidence={"rep_id": "dee"})
    books.refresh_all(FIRST, LAST)
    rows = sum_groups(books.connection, first=FIRST, last=LAST, by="rep")
    assert [(row.group, row.mqls, row.wons) for row in rows] == [("dee", 0, 1), (None, 1, 0)]
