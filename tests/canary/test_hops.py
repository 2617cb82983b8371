"""Which hop begins after which, with and without the systems of others."""

from leadops.canary.hops import HOPS, OWN_HOPS, plan_hops


def test_every_hop_follows_those_before_it() -> None:
    assert {hop.hop: set(hop.follows) for hop in plan_hops(HOPS)} == {
        "collect": set(),
        "form": {"collect"},
        "resolve": {"collect"},
        "score": {"resolve"},
        "push": {"score", "form"},
        "crm": {"form"},
        "feed": {"crm"},
        "export": {"score"},
    }


def test_what_is_missing_is_replaced_by_what_comes_before_it() -> None:
    follows = {hop.hop: hop.follows for hop in plan_hops(OWN_HOPS | {"feed"})}
    assert follows["feed"] == ("form",)
    assert set(follows) == OWN_HOPS | {"feed"}
