"""A number with its noun, in the singular or the plural."""


def count(number: int, name: str) -> str:
    """Return `number` with `name` in the singular or the plural: 1 deal, 2 deals."""
    return f"{number} {name}" + ("" if number == 1 else "s")
