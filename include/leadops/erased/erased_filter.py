"""Recognises what is about somebody erased: by keyed hashes of identifiers, and by nothing else."""

import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from leadops.errors import ConfigError
from leadops.mask import EMAIL
from leadops.normalization.email_address import normalise_email
from leadops.normalization.mailbox_rules import name_mailbox

#: The environment variable of the key: one, or several separated by commas, the newest first.
VARIABLE = "LEADOPS_ERASURE_KEY"
SHORTEST = 16
#: Identifiers in the order of an event's fields, and how many characters an identifier has at most.
_FIELDS = ("email", "user_id", "anonymous_id")
_LONGEST = 254


class ErasureKeyError(ConfigError):
    """Somebody was erased, and the key that recognises them is missing or another one."""


@dataclass
class ErasedFilter:
    """Hashes identifiers under `keys`, once `is_needed`: as long as nobody was erased it costs nothing.

    A process learns that it is needed from the first statement that finds a hash on record (`require`).
    """

    keys: tuple[bytes, ...] = field(default=(), repr=False)
    is_needed: bool = False

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "ErasedFilter":
        """Return the filter with the keys of `environment`; raise ConfigError for a short one."""
        keys = [key.strip() for key in environment.get(VARIABLE, "").split(",") if key.strip()]
        if any(len(key) < SHORTEST for key in keys):
            raise ConfigError(f"a key in {VARIABLE} is shorter than {SHORTEST} characters; give a random one")
        return cls(tuple(key.encode() for key in keys))

    @property
    def key_checks(self) -> list[str]:
        """What shows later that a key is the same, without showing it."""
        return [_hash(key, "check", "") for key in self.keys]

    def require(self, key_checks: Sequence[str]) -> None:
        """Hash from now on; raise ErasureKeyError unless there is a key for each of `key_checks`."""
        if not set(key_checks) <= set(self.key_checks):
            problem = "is another key than before" if self.keys else "is not set"
            raise ErasureKeyError(
                f"{VARIABLE} {problem}: people were erased, and without its key nobody recognises them;"
                " set the key under which they were erased (docs/erasure.md)"
            )
        self.is_needed = True

    def hash_identifier(self, kind: str, value: str) -> list[str]:
        """Return the hashes by which an identifier is recognised, each under each key.

        An address is an email in any field, and is recognised by its mailbox too.
        """
        return [_hash(key, *name) for name in _name(kind, value) for key in self.keys]

    def hash_for_record(self, kind: str, value: str) -> str:
        """Return the hash of an identifier of somebody erased, under the newest key.

        A mailbox is put on record as a kind of its own: only if identity joins its spellings.
        """
        return _hash(self.keys[0], *_normalise(kind, value))

    def hash_item(self, item: Any) -> list[str]:
        """Return the hashes of every identifier in an event or a form; none while nobody was erased.

        These are its email, user_id and anonymous_id, every address in any text of it, and properties whose
        name says that they are an id.
        """
        if not self.is_needed or not isinstance(item, dict):
            return []
        texts: list[str] = []
        _collect_addresses(item, texts)
        addresses = [address for text in texts for address in EMAIL.findall(text)]
        found = {name for address in addresses for name in _name("email", address)}
        found |= {
            name
            for field_name in _FIELDS
            if isinstance(item.get(field_name), str)
            for name in _name(field_name, item[field_name].strip())
        }
        properties = item.get("properties")
        if isinstance(properties, dict):
            found |= {name for identifier in _list_ids(properties) for name in _name(*identifier)}
        return [_hash(key, kind, value) for key in self.keys for kind, value in found]

    def name_event(self, event_id: object) -> str | None:
        """Return by what the event_id of somebody erased is known from then on; None without a key or an id.

        The oldest key makes it, so that a new key does not change it.
        """
        if not self.keys or not isinstance(event_id, str):
            return None
        return "erased-" + _hash(self.keys[-1], "event", event_id)


def _hash(key: bytes, kind: str, value: str) -> str:
    return hmac.digest(key, f"{kind}:{value}".encode("utf-8", "surrogatepass"), "sha256").hex()


def _name(kind: str, value: str) -> list[tuple[str, str]]:
    """Return an identifier as it is hashed, and of an address the mailbox that it may reach.

    The widest rule does no harm: it meets a hash only if identity joined the erased person's spellings.
    """
    name = _normalise(kind, value)
    return [name, ("mailbox", name_mailbox(name[1]))] if name[0] == "email" else [name]


def _normalise(kind: str, value: str) -> tuple[str, str]:
    """Return an identifier as it is hashed; whatever has the shape of an address is an email."""
    if "@" not in value or kind == "mailbox":
        return kind, value
    try:
        return "email", normalise_email(value)
    except ValueError:
        return "email", value.strip().lower()


def _collect_addresses(value: Any, texts: list[str]) -> None:
    """Add every text in parsed JSON that may hold an address to `texts`, keys included."""
    if isinstance(value, str):
        if "@" in value:
            texts.append(value)
    elif isinstance(value, dict):
        for name, part in value.items():
            if "@" in name:
                texts.append(name)
            if part.__class__ is not int:
                _collect_addresses(part, texts)
    elif isinstance(value, list):
        for part in value:
            _collect_addresses(part, texts)


def _list_ids(properties: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in properties.items():
        text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
        if text and len(text) <= _LONGEST and name.lower().endswith(("id", "_key")):
            yield "enrichment_id", text
