"""Leads of one person are that person, whose account is that of the newest website."""

from datetime import timedelta

import numpy as np
import pytest
from psycopg.types.json import Jsonb

from leadops.attribution.read_touches import read_inputs
from tests.attribution.conftest import NOON, Market


@pytest.mark.parametrize(("days", "account"), [({1: 2, 2: 1}, 8), ({1: 1, 2: 2}, 7), ({2: 1}, 8)])
def test_the_account_of_a_person_is_that_of_the_newest_website(
    market: Market, days: dict[int, int], account: int
) -> None:
    market.lead(1, account_id=7)
    market.lead(2, account_id=8, merged_into=1)
    market.lead(3, account_id=9)
    market.lead(4)
    market.connection.execute("insert into identity.people values (1, 1), (2, 1)")
    for lead, ago in days.items():
        market.connection.execute(
            "insert into identity.traits (lead_id, trait, value, ts, event_id)"
            " values (%s, 'website', %s, %s, %s)",
            [lead, Jsonb("x.example"), NOON - timedelta(days=ago), f"e{lead}"],
        )
    for lead in (1, 2, 3, 4):
        market.touch(lead, 1, "cpc")
    inputs = read_inputs(
        market.connection,
        since=NOON - timedelta(days=9),
        until=NOON,
        settings=market.settings,
        fold_case=True,
    )
    assert np.array_equal(inputs.people, [1, 3, 4])
    assert np.array_equal(inputs.accounts, [account, 9, -4])
