from datetime import UTC, datetime

from leadops.identity.merge_people import Merge, MergedPeople, Witness
from leadops.identity.plan_merges import MergePlan, RelatedLeads, compare_people, merge_by_settings
from tests.shipped import SHIPPED, block

OLD, NEW = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
TIE = Merge(1, 2, "user_id", "u", 5)
SEEN = [Witness("user_id", "u", 1, 4), Witness("user_id", "u", 2, 5)]
LEADS = {1: ("a@x.example", OLD), 2: ("b@x.example", NEW)}
SETTINGS = SHIPPED.identity


def test_the_older_lead_survives_whatever_its_number() -> None:
    younger_first = {1: ("a@x.example", NEW), 2: ("b@x.example", OLD)}
    people = merge_by_settings(SEEN, leads=younger_first, do_not_merge=(), settings=SETTINGS)
    assert people.persons == {1: 2, 2: 2}
    assert people.merges == [Merge(2, 1, "user_id", "u", 5)]


def test_role_addresses_blocked_values_and_leads_without_an_email_are_not_merged() -> None:
    blocked = SETTINGS.model_copy(update={"blocked": block(user_id=["u"])})
    no_role = SETTINGS.model_copy(update={"role_names": ["b"]})
    unknown = LEADS | {2: (None, NEW)}
    for leads, settings in ((LEADS, blocked), (LEADS, no_role), (unknown, SETTINGS)):
        assert merge_by_settings(SEEN, leads=leads, do_not_merge=(), settings=settings) == MergedPeople()
    assert merge_by_settings(SEEN, leads=LEADS, do_not_merge={(1, 2)}, settings=SETTINGS) == MergedPeople()


def test_a_plan_holds_only_what_changes() -> None:
    merged = MergedPeople(merges=[TIE], persons={1: 1, 2: 1})
    apart = RelatedLeads(LEADS, persons={}, merges=frozenset())
    together = RelatedLeads(LEADS, persons={1: 1, 2: 1}, merges=frozenset({TIE}))
    assert compare_people(apart, merged) == MergePlan(added=[TIE], persons={1: 1, 2: 1}, affected=[1, 2])
    assert compare_people(together, merged) == MergePlan()
    split = MergePlan(undone=[TIE], persons={1: None, 2: None}, affected=[1, 2])
    assert compare_people(together, MergedPeople()) == split


def test_another_survivor_affects_the_lead_that_stood_for_the_person() -> None:
    before = RelatedLeads(
        LEADS | {3: ("c@x.example", NEW)},
        persons={2: 2, 3: 2},
        merges=frozenset({Merge(2, 3, "user_id", "v", 3)}),
    )
    after = MergedPeople(merges=[TIE, Merge(2, 3, "user_id", "v", 3)], persons={1: 1, 2: 1, 3: 1})
    plan = compare_people(before, after)
    assert (plan.added, plan.undone) == ([TIE], [])
    assert plan.persons == {1: 1, 2: 1, 3: 1}
    assert plan.affected == [1, 2, 3]
