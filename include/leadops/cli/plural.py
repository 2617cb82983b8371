"""A number with its noun, in the singular or the plural."""


def count(number: int, name: str) -> str:
    """Return `number` with `name` in the singular or the plural: 1 deal, 2 deals."""
    return f"{number} {name}" + ("" if number == 1 else "s")


def say_won(deals: int | str, without_value: int, without_rate: int = 0) -> str:
    """Return how many deals are won and lack a value: 12 won, 7 without a readable value."""
    parts = [f"{deals} won"]
    if without_value:
        parts.append(f"{without_value} without a readable value")
    if without_rate:
        parts.append(f"{without_rate} without a rate of its currency")
    return ", ".join(parts)
