from decimal import Decimal

from leadops.attribution.credits import MODELS
from tests.attribution.conftest import Market


def test_each_model_says_what_one_path_is_worth(market: Market) -> None:
    market.lead(1)
    for days, channel in ((9, "email"), (8, "ads"), (3, "ads"), (2, "webinar")):
        market.touch(1, days, channel)
    market.convert(1, 1, value="100.00")

    done = market.refresh()

    assert (done.conversions, done.value, done.touches, done.note) == (1, Decimal("100.00"), 4, None)
    assert market.credits("last_touch") == {"webinar": 1}
    assert market.credits("first_touch") == {"email": 1}
    assert market.credits("linear", column="value") == {"email": 25, "ads": 50, "webinar": 25}
    assert market.credits("u_shape", column="value") == {"email": 40, "ads": 20, "webinar": 40}
    shares = {"email": Decimal("33.34"), "ads": Decimal("33.33"), "webinar": Decimal("33.33")}
    assert market.credits("shapley", column="value") == shares
    assert sum(market.credits("markov", column="value").values()) == 100
    assert len(MODELS) == 7
