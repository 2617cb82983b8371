"""What a settings model says about the keys at one place: which exist, and whether null removes one."""

from collections.abc import Iterable
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from leadops.settings import Settings


def find_annotation(annotation: Any, steps: Iterable[str | int]) -> Any:
    """Return the annotation at `steps` (keys and positions) below `annotation`, or None."""
    for step in steps:
        annotation = next(
            (found for each in unwrap(annotation) if (found := _child(each, step)) is not None), annotation
        )  # pydantic names union branches too, which do not step into the value
    return annotation


def find_model(annotation: Any) -> type[Settings] | None:
    """Return the settings model that `annotation` is, alone or among others."""
    return next((each for each in unwrap(annotation) if _is_model(each)), None)


def is_removable(annotation: Any) -> bool:
    """Whether null takes an entry out of the mapping: its keys are free and its values never null."""
    return any(
        get_origin(each) is dict and not {NoneType, Any} & set(unwrap(get_args(each)[1]))
        for each in unwrap(annotation)
    )


def advise_on_key(model: type[Settings], key: str) -> str:
    """Return what to write instead of an unknown `key` of `model`: its new name, or the nearest key."""
    if key in model.renamed:
        return f"{key} is now called {model.renamed[key]}; rename it"
    known = [field.alias or name for name, field in model.model_fields.items()]
    near = get_close_matches(key, known, n=1)
    return f"did you mean {near[0]}?" if near else f"the keys here are {', '.join(sorted(known))}"


def unwrap(annotation: Any) -> list[Any]:
    """Return the alternatives of `annotation`, without Annotated."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return unwrap(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return [each for part in get_args(annotation) for each in unwrap(part)]
    return [annotation]


def _child(annotation: Any, step: str | int) -> Any:
    if _is_model(annotation):
        fields = annotation.model_fields.items()
        return next((field.annotation for name, field in fields if step in (name, field.alias)), None)
    arguments = get_args(annotation)
    if get_origin(annotation) is dict and isinstance(step, str):
        return arguments[1]
    if get_origin(annotation) in (list, tuple, frozenset) and isinstance(step, int):
        return arguments[0]
    return None


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Settings)
