"""The answers of a form tool as a form of our contract, by the tool's mapping in forms.yaml."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from leadops.events.clean_values import is_empty
from leadops.events.form_tools import FormTool, ToolAnswers
from leadops.normalization.clean_text import fold_text

#: Unix times above this are milliseconds: in seconds it is the year 5138.
_MILLISECONDS = 100_000_000_000
_YES, _NO = ("true", "yes", "y", "on", "1", "checked"), ("false", "no", "n", "off", "0", "unchecked")
#: Where the answers are the whole body.
_BODY = "."


@dataclass(frozen=True)
class ToolAnswer:
    """One answer: the names by which it goes, and its value as it was sent."""

    names: tuple[str, ...]
    value: Any


@dataclass(frozen=True)
class MappedForm:
    """A form of our contract, not yet validated; `unmapped` names answers that only became properties.

    Without `has_answers` the tool sent none, only ids.
    """

    content: dict[str, Any]
    unmapped: list[str]
    has_answers: bool


def map_tool_form(lead: dict[str, Any], tool: FormTool) -> MappedForm:
    """Return what `lead` (parsed JSON) says, as a form: of each field the first source that says something.

    Answers come before the rest of the body. Every answer that no field takes becomes a property under its
    first name; what the body holds beside the answers and `body` is left out.
    """
    answers = _read_answers(lead, tool)
    content: dict[str, Any] = {}
    taken = set()
    for target, names in tool.fields.items():
        place = _find_answer(answers or [], names)
        if place is not None and answers:
            taken.add(place)
            _put(content, target, answers[place].value)
    for target, paths in tool.body.items():
        value = next((found for path in paths if not is_empty(found := find_path(lead, path))), None)
        if value is not None:
            _put(content, target, value)
    unmapped = []
    for place, answer in enumerate(answers or []):
        if place not in taken and not is_empty(answer.value):
            unmapped.append(answer.names[0])
            _add_property(content.setdefault("properties", {}), answer)
    return MappedForm(content, unmapped, answers is not None)


def find_path(value: Any, path: str) -> Any:
    """Return what is at a dotted path (`form_submissions.0.title`), None where it leads nowhere."""
    if path == _BODY:
        return value
    for step in path.split("."):
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, list) and not step.isdecimal():
            value = [found for entry in value if (found := find_path(entry, step)) is not None] or None
        else:
            return None
    return value


def find_leads(value: Any, path: str) -> list[dict[str, Any]]:
    """Return every object at a dotted path, where * stands for each entry of a list."""
    level = [value]
    for step in path.split("."):
        level = [child for node in level for child in _step_into(node, step)]
    return [node for node in level if isinstance(node, dict)]


def _step_into(node: Any, step: str) -> list[Any]:
    if step == "*":
        return node if isinstance(node, list) else []
    return [node[step]] if isinstance(node, dict) and step in node else []


def _read_answers(lead: dict[str, Any], tool: FormTool) -> list[ToolAnswer] | None:
    """Return the answers, None where the tool sent none at all."""
    found = (find_path(lead, path) for path in tool.answers.at)
    answers = next((value for value in found if isinstance(value, dict | list)), None)
    if answers is None:
        return None
    if isinstance(answers, list):
        return list(_read_list(answers, tool.answers))
    known = {path for paths in tool.body.values() for path in paths} if answers is lead else set()
    return [
        ToolAnswer((name,), _read_value(value, tool.answers))
        for name, value in answers.items()
        if name not in known
    ]


def _read_list(entries: list[Any], answers: ToolAnswers) -> Iterator[ToolAnswer]:
    for number, entry in enumerate(entries, start=1):
        names = [str(name) for path in answers.names if not is_empty(name := find_path(entry, path))]
        yield ToolAnswer(tuple(names or [f"answer_{number}"]), _read_value(entry, answers))


def _read_value(entry: Any, answers: ToolAnswers) -> Any:
    """Return the value of an answer; an object without any of the `values` is one itself."""
    if not isinstance(entry, dict) or not answers.values:
        return entry
    values = (find_path(entry, path) for path in answers.values)
    return next((value for value in values if not is_empty(value)), None)


def _find_answer(answers: list[ToolAnswer], names: tuple[str, ...]) -> int | None:
    """Return the place of the first filled answer by the first of `names` that has one."""
    for name in map(fold_text, names):
        for place, answer in enumerate(answers):
            if not is_empty(answer.value) and name in map(fold_text, answer.names):
                return place
    return None


def _put(content: dict[str, Any], target: str, value: Any) -> None:
    *way, last = target.split(".") if not target.startswith("properties.") else target.split(".", 1)
    node = content
    for step in way:
        node = node.setdefault(step, {})
    if last not in node:
        node[last] = _convert(target, value)


def _convert(target: str, value: Any) -> Any:
    if target == "ts":
        return _read_time(value)
    if target == "context.consent":
        return _read_consent(value)
    return value


def _read_time(value: Any) -> Any:
    """Return Unix times, in seconds or milliseconds, and offsets such as +0000 as RFC 3339."""
    try:
        if isinstance(value, int | float) or (isinstance(value, str) and value.isdecimal()):
            number = float(value)
            return datetime.fromtimestamp(number / (1000 if number > _MILLISECONDS else 1), UTC).isoformat()
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except (ValueError, OverflowError, OSError):
        return value
    return at.isoformat() if at is not None and at.tzinfo else value


def _read_consent(value: Any) -> Any:
    """Return a box that is ticked or not as yes or no; anything else stays, and is not consent."""
    if not isinstance(value, str | int) or isinstance(value, bool):
        return value
    word = fold_text(str(value))
    return True if word in _YES else False if word in _NO else value


def _add_property(properties: dict[str, Any], answer: ToolAnswer) -> None:
    """Add an answer; several by one name, such as the boxes of a list, become a list."""
    name = answer.names[0]
    if name in properties:
        former = properties[name]
        properties[name] = [*former, answer.value] if isinstance(former, list) else [former, answer.value]
    else:
        properties[name] = answer.value
