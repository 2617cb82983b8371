"""Identity is tested in the same world as scoring."""

from tests.scoring.conftest import world

__all__ = ["world"]
