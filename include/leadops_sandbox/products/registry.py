"""Which products the sandbox can be: a name for each, and what serves it."""

from importlib import import_module
from pathlib import Path
from typing import Any

from leadops_sandbox.products.face import Face
from leadops_sandbox.products.table import read_table
from leadops_sandbox.world import World

#: The products' names; each is a folder here that has a table of the same name and a class in face.py.
NAMES = ("hubspot", "salesforce", "marketo", "odoo", "mautic")

FOLDER = Path(__file__).parent


class UnknownProductError(ValueError):
    """A name that no product has."""


def find_face(name: str) -> type[Face[Any]]:
    """Return the class that serves the product `name`; raise UnknownProductError."""
    if name not in NAMES:
        raise UnknownProductError(f"no product is called {name!r}; choose one of {', '.join(NAMES)}")
    face: type[Face[Any]] = import_module(f"leadops_sandbox.products.{name}.face").FACE
    return face


def make_face(name: str, world: World) -> Face[Any]:
    """Return the face of the product `name` over `world`."""
    return find_face(name)(world, read_table(FOLDER / name / f"{name}.yaml"))


def read_needs(name: str | None) -> dict[str, Any]:
    """Return what the product `name` needs of its world, as options; raise UnknownProductError."""
    if name is None:
        return {}
    face, table = find_face(name), read_table(FOLDER / name / f"{name}.yaml")
    return {"unique": frozenset({"email", table.settings["id_field"]}), "keeps_log": face.keeps_log}
