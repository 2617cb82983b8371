"""Who visits: people with a company, a title and a habit, always the same under the same seed."""

from dataclasses import dataclass
from random import Random
from typing import Any, Literal

Habit = Literal["buyer", "reader", "browser", "job_seeker", "leaver"]

#: How many people there are, and how many of a hundred have each habit.
PEOPLE = 2_000
_HABITS: tuple[Habit, ...] = ("buyer", "reader", "browser", "job_seeker", "leaver")
_SHARES = (12, 30, 50, 5, 3)
#: The share of people who sign in, so that the site's server knows and signs who they are.
SIGNED_IN = 0.75

_GOOD = {
    "industry": ("software", "manufacturing", "finance", "healthcare", "logistics"),
    "employees": (120, 250, 400, 800, 1_500, 5_000),
    "title": ("Marketing Manager", "IT Director", "Head of Sales", "CTO", "Operations Manager"),
    "country": ("JP", "JP", "JP", "SG", "US"),
}
_OTHER = {
    "industry": ("education", "retail", "government", "agency", "software", "hospitality"),
    "employees": (1, 5, 12, 30, 60, 200),
    "title": ("Student", "Assistant", "Engineer", "Consultant", "Owner", "Analyst"),
    "country": ("JP", "JP", "IN", "DE", "BR", "US"),
}
_COMPANIES = ("Akebono", "Hoshino", "Kitakaze", "Minato", "Nagisa", "Shiranui", "Tachibana", "Yamabuki")
_TRADES = ("Works", "Systems", "Logistics", "Foods", "Medical", "Trading", "Steel", "Design")


@dataclass(frozen=True, slots=True)
class Person:
    """One visitor; `traits` are what they write into a form."""

    anonymous_id: str
    email: str
    user_id: str
    habit: Habit
    traits: dict[str, Any]
    signs: bool  # the site signs who they are; of the others there is only what their browsers say


def person(seed: int, number: int) -> Person:
    """Return person `number` (0 up to PEOPLE) of the town `seed`."""
    rng = Random(f"{seed}:person:{number}")
    habit = rng.choices(_HABITS, _SHARES)[0]
    traits: dict[str, Any] = {k: rng.choice(v) for k, v in (_GOOD if habit == "buyer" else _OTHER).items()}
    traits["company"] = f"{rng.choice(_COMPANIES)} {rng.choice(_TRADES)}"
    domain = traits["company"].lower().replace(" ", "-") + ".example"
    name = f"visitor{seed}-{number}"
    user_id, signs = f"user-{seed}-{number}", rng.random() < SIGNED_IN
    return Person(f"anon-{seed}-{number}", f"{name}@{domain}", user_id, habit, traits, signs)
