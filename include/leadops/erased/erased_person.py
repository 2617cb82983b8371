"""Somebody who is being erased: the leads, the identifiers, and how texts are cleared of them."""

import json
import re
from dataclasses import dataclass
from typing import NamedTuple

#: What stands in a text where an identifier stood.
GONE = "[erased]"
#: Identifiers shorter than this are found in no text: they would blank ordinary words.
SHORTEST_WORD = 5


class PersonIdentifier(NamedTuple):
    """An identifier by its kind: email, mailbox, user_id, anonymous_id, enrichment_id,
    crm_id, ma_id."""

    kind: str
    value: str


@dataclass(frozen=True)
class ErasedPerson:
    """All leads of a person, and every identifier of them, each once."""

    lead_ids: list[int]
    identifiers: tuple[PersonIdentifier, ...]

    def of_kind(self, *kinds: str) -> list[str]:
        """Return the identifiers of these kinds."""
        return [value for kind, value in self.identifiers if kind in kinds]

    @property
    def pattern(self) -> str:
        r"""A regular expression, as PostgreSQL and Python read it, for the identifiers in a text or in JSON.

        A number counts only in quotes: unquoted it may be an amount. Without any identifier nothing matches.
        """
        words = {
            word for _, value in self.identifiers if len(value) >= SHORTEST_WORD for word in _write(value)
        }
        quoted = [re.escape(word) for word in sorted(words) if word.isdigit()]
        plain = [re.escape(word) for word in sorted(words, key=len, reverse=True) if not word.isdigit()]
        parts = [rf'(?<=")(?:{"|".join(quoted)})(?=")'] if quoted else []
        parts += [rf"(?<![\w@.+-])(?:{'|'.join(plain)})(?![\w@-])"] if plain else []
        return "|".join(parts) or "a^"

    def clear(self, text: str) -> str:
        """Return `text` with [erased] in place of each identifier."""
        return re.sub(self.pattern, GONE, text, flags=re.IGNORECASE)

    def name_crm_ids(self) -> dict[str, str]:
        """Return what stands for each of the CRM's ids from now on: a name that only this database knows."""
        return {
            crm_id: f"erased-{self.lead_ids[0]}-{number}"
            for number, crm_id in enumerate(sorted(self.of_kind("crm_id")), start=1)
        }


def _write(value: str) -> set[str]:
    """Return the ways in which JSON writes a value, itself included."""
    return {value, json.dumps(value, ensure_ascii=False)[1:-1], json.dumps(value)[1:-1]}
