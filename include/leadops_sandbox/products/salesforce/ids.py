"""Salesforce's record ids: a prefix that names the object, a number in base 62, and a check for case."""

from typing import NamedTuple

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CHECKS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
#: The prefix of each object.
PREFIXES = {
    "Lead": "00Q",
    "Contact": "003",
    "User": "005",
    "Task": "00T",
    "Event": "00U",
    "LeadHistory": "017",
    "Organization": "00D",
    "Account": "001",
    "Opportunity": "006",
    "Campaign": "701",
    "CampaignMember": "00v",
}
#: The user as whom leadops calls.
API_USER = 1


class RecordId(NamedTuple):
    """What a record id says."""

    sobject: str
    number: int


def make_id(sobject: str, number: int) -> str:
    """Return the id of 18 characters of the record `number` of `sobject`."""
    digits = ""
    for _ in range(12):
        number, digit = divmod(number, 62)
        digits = DIGITS[digit] + digits
    short = PREFIXES[sobject] + digits
    return short + _check(short)


def read_id(text: object) -> RecordId | None:
    """Return what the id `text` of 15 or 18 characters says; None when it is not one."""
    short = str(text)[:15]
    is_short = isinstance(text, str) and len(text) in (15, 18) and short.isalnum() and short.isascii()
    if not is_short or (len(str(text)) == 18 and str(text)[15:].upper() != _check(short)):
        return None
    number = 0
    for digit in short[3:]:
        number = number * 62 + DIGITS.index(digit)
    sobject = next((name for name, prefix in PREFIXES.items() if prefix == short[:3]), "")
    return RecordId(sobject, number)


def _check(short: str) -> str:
    """Return three characters that say which letters of `short` are capitals, five letters each."""
    return "".join(
        CHECKS[sum(1 << place for place, letter in enumerate(short[start : start + 5]) if letter.isupper())]
        for start in (0, 5, 10)
    )
