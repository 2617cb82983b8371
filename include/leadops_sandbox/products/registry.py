"""Which products the sandbox can be: each is a folder here, with what serves it and a table."""

import pkgutil
from importlib import import_module
from pathlib import Path
from typing import Any

from leadops_sandbox import products
from leadops_sandbox.products.face import Face
from leadops_sandbox.products.table import Table, read_table
from leadops_sandbox.world import World


class UnknownProductError(ValueError):
    """A name that no product has."""


def list_stand_ins() -> list[str]:
    """Return the names of the products: folders here with a table NAME.yaml and a FACE in face.py."""
    return sorted(module.name for module in pkgutil.iter_modules(products.__path__) if module.ispkg)


def find_face(name: str) -> type[Face[Any]]:
    """Return the class that serves the product `name`; raise UnknownProductError."""
    if name not in (names := list_stand_ins()):
        raise UnknownProductError(f"no product is called {name!r}; choose one of {', '.join(names)}")
    face: type[Face[Any]] = import_module(f"leadops_sandbox.products.{name}.face").FACE
    return face


def make_face(name: str, world: World) -> Face[Any]:
    """Return the face of the product `name` over `world`."""
    face = find_face(name)
    return face(world, _read_table(name))


def read_needs(name: str | None) -> dict[str, Any]:
    """Return what the product `name` needs of its world, as options; raise UnknownProductError."""
    if name is None:
        return {}
    face, table = find_face(name), _read_table(name)
    return {"unique": frozenset({"email", table.settings["id_field"]}), "keeps_log": face.keeps_log}


def read_steps(name: str) -> dict[str, dict[str, str]]:
    """Return the ids of what the product `name` has for programmes, by programme and step."""
    return _read_table(name).steps


def _read_table(name: str) -> Table:
    folder = Path(import_module(f"leadops_sandbox.products.{name}").__path__[0])
    return read_table(folder / f"{name}.yaml")
