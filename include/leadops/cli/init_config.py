"""`leadops init-config`: a folder of settings to make one's own."""

import re
from pathlib import Path
from typing import Annotated

import typer

from leadops.cli.terminal import console
from leadops.config.load_config import list_shipped_files
from leadops.configuration import SECTIONS, find_model
from leadops.errors import PermanentError


def init_config(folder: Annotated[Path, typer.Argument(help="Where to put the YAML files.")]) -> None:
    """Write each settings file into FOLDER with every setting commented out. Keeps existing files.

    Set LEADOPS_CONFIG_DIR to the folder and uncomment what you change: all else keeps the shipped value.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for section in SECTIONS:
            own = folder / f"{section}.yaml"
            if not own.exists():
                shipped = list_shipped_files(section, find_model(section))
                text = "\n".join(file.read_text(encoding="utf-8") for file in shipped)
                own.write_text(_comment_out(text), encoding="utf-8")
                console.print(str(own))
    except OSError as error:
        raise PermanentError(f"{folder}: {error.strerror}; name a folder that can be written") from error
    console.print(f"set LEADOPS_CONFIG_DIR={folder.resolve()}")


def _comment_out(text: str) -> str:
    """Return `text` with `#` before each line that is neither empty nor a comment."""
    return re.sub(r"^(?=[ ]*[^ #\n])", "#", text, flags=re.MULTILINE)
