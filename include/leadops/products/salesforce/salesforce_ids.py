"""Salesforce's record ids: 15 characters, or 18 with three that say which letters are capitals."""

CHECKS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
LEAD, CONTACT = "Lead", "Contact"
#: The objects that leadops writes, by the prefix of their ids.
OBJECTS = {"00Q": LEAD, "003": CONTACT}
#: The prefix of users' ids; an owner may also be a queue.
USER = "005"


def write_id(text: object) -> str | None:
    """Return a record id with 18 characters, as answers have it; None for a text that is not one."""
    if not isinstance(text, str) or len(text) not in (15, 18) or not text.isalnum() or not text.isascii():
        return None
    short = text[:15]
    return short + "".join(
        CHECKS[sum(1 << place for place, letter in enumerate(short[start : start + 5]) if letter.isupper())]
        for start in (0, 5, 10)
    )


def find_object(record_id: str) -> str:
    """Return what a record of this id is: a contact is what a converted lead became; else a lead."""
    return OBJECTS.get(record_id[:3], LEAD)
