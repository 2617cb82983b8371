"""Properties and context of an event or a form, made from whatever a sender put beside them."""

from collections.abc import Collection
from typing import Any

from leadops.events.clean_values import ValueCleaner, find_first, is_empty
from leadops.events.event_contract import Context
from leadops.events.event_settings import EventSettings
from leadops.events.field_changes import ChangeKind, FieldChanges


def normalize_details(
    item: dict[str, Any], *, known: Collection[str], settings: EventSettings, changes: FieldChanges
) -> dict[str, Any]:
    """Return the `properties` and the `context` of `item`, each only if it holds something.

    What is neither one of them nor a `known` field goes to the properties, the keys of `traits` one by one,
    and `utm` to the context; a field that stands there already stays.
    """
    details = ItemDetails(settings, changes)
    details.read_properties(item.get("properties", {}))
    context = details.read_context(item.get("context", {}))
    for name, value in item.items():
        if name in known or name in ("properties", "context"):
            continue
        if name == "utm" and "utm" not in context and (utm := details.read_utm(value, ("utm",))):
            changes.add(("utm",), ChangeKind.MOVED_TO_CONTEXT)
            context["utm"] = utm
        elif name == "traits" and isinstance(value, dict):
            details.move_traits(value)
        else:
            details.move((name,), value)
    properties = details.cleaner.clean(details.properties, ("properties",), level=1)
    return {name: value for name, value in (("properties", properties), ("context", context)) if value}


class ItemDetails:
    """Reads what stands beside the core of an item; `properties` are cleaned at the end."""

    def __init__(self, settings: EventSettings, changes: FieldChanges) -> None:
        self.cleaner, self.changes = ValueCleaner(settings, changes), changes
        self.properties: dict[str, Any] = {}

    def read_properties(self, value: Any) -> None:
        """Take an object, or a list of one; anything else becomes the property `properties`."""
        if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
            self.changes.add(("properties",), ChangeKind.FROM_LIST)
            value = value[0]
        if isinstance(value, dict):
            self.properties = self.cleaner.clean_keys(value, ("properties",))
        else:
            self.move(("properties",), value)

    def move(self, path: tuple[str, ...], value: Any) -> None:
        """Make `value` a property, unless it says nothing or there is one of this name."""
        if is_empty(value):
            self.changes.add(path, ChangeKind.EMPTY)
        elif path[-1] in self.properties:
            self.changes.add(path, ChangeKind.DROPPED)
        else:
            self.changes.add(path, ChangeKind.MOVED_TO_PROPERTIES)
            self.properties[path[-1]] = value

    def move_traits(self, traits: dict[str, Any]) -> None:
        """Make each trait a property, unless there is one of its name."""
        self.changes.add(("traits",), ChangeKind.MOVED_TO_PROPERTIES)
        for name, value in traits.items():
            if name in self.properties:
                self.changes.add(("traits", name), ChangeKind.DROPPED)
            else:
                self.properties[name] = value

    def read_context(self, value: Any) -> dict[str, Any]:
        """Return the context; what is not an object goes to the properties."""
        if isinstance(value, list) and isinstance(find_first(value), dict):
            self.changes.add(("context",), ChangeKind.FROM_LIST)
            value = find_first(value)
        if not isinstance(value, dict):
            self.move(("context",), value)
            return {}
        context: dict[str, Any] = {}
        for name, child in self.cleaner.clean_keys(value, ("context",)).items():
            read = self._read_context_field(name, child)
            if read is not None or name not in Context.model_fields:
                context[name] = read
        return context

    def _read_context_field(self, name: str, value: Any) -> Any:
        path = ("context", name)
        if name == "utm":
            return self.read_utm(value, path)
        if name == "consent":
            return self._read_consent(value)
        if name in ("page", "user_agent"):
            return self.cleaner.read_text(value, path)
        return self.cleaner.clean(value, path, level=2)

    def read_utm(self, value: Any, path: tuple[str, ...]) -> dict[str, str] | None:
        """Return the texts of a campaign, None if there are none; what is not an object is a property."""
        if isinstance(value, list):
            self.changes.add(path, ChangeKind.FROM_LIST)
            value = find_first(value)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.move(path, value)
            return None
        utm: dict[str, str] = {}
        for name, child in self.cleaner.clean_keys(value, path).items():
            text = self.cleaner.read_text(child, (*path, name))
            if text is not None:
                utm[name] = text
            elif child is None:
                self.changes.add((*path, name), ChangeKind.EMPTY)
        return utm or None

    def _read_consent(self, value: Any) -> Any:
        """Only yes or no is consent, once or by purpose; anything else is neither."""
        path = ("context", "consent")
        if value is None or isinstance(value, bool):
            return value
        if is_empty(value):
            self.changes.add(path, ChangeKind.EMPTY)
            return None
        if not isinstance(value, dict):
            self.changes.add(path, ChangeKind.NOT_CONSENT)
            return None
        consent = {}
        for purpose, given in self.cleaner.clean_keys(value, path).items():
            if isinstance(given, bool):
                consent[purpose] = given
            else:
                self.changes.add((*path, purpose), ChangeKind.NOT_CONSENT)
        return consent or None
