"""`leadops config`: which settings are in force and where they come from, and whether a folder is right."""

import json
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer

from leadops.cli.context import open_database, read_config
from leadops.cli.plural import count
from leadops.cli.terminal import console
from leadops.config.kept_settings import forget_section
from leadops.config.load_config import list_shipped_files, load_section, parse_shipped
from leadops.config.value_origins import find_useless, list_settings
from leadops.config.yaml_tree import parse_file
from leadops.configuration import SECTIONS, Config, find_model
from leadops.errors import ConfigError, PermanentError

app = typer.Typer(help="Show and check the settings.", no_args_is_help=True)


@app.command("show")
def show(
    section: Annotated[str | None, typer.Argument(help="One file, such as events; default: all.")] = None,
) -> None:
    """Show each setting in force with its origin: the shipped file, or FILE:LINE of your own.

    Where your file is refused, its settings before that are in force; the first line says why and since when.

    Hosts and secrets are not settings: they come from connections and the environment, and are never shown.
    """
    if section is not None and section not in SECTIONS:
        raise PermanentError(f"there is no section {section}; the sections are {', '.join(SECTIONS)}")
    config = read_config()
    for name in [section] if section else SECTIONS:
        in_force = config.load_section(name)
        if in_force.refused:
            _print(f"# {name}.yaml is refused: {in_force.refused}")
        if in_force.held:
            _print(f"# {in_force.held}")
        for setting in list_settings(in_force.tree, shipped=list_shipped_files(name, find_model(name))):
            value = json.dumps(setting.value, ensure_ascii=False, default=str)
            is_kept = in_force.refused or in_force.held
            origin = "kept" if is_kept and setting.origin != "shipped" else setting.origin
            _print(f"{name}.{setting.key}: {value}  # {origin}")


@app.command("forget")
def forget(
    sections: Annotated[list[str], typer.Argument(help="Files without .yaml, such as scoring.")],
) -> None:
    """Forget the settings that were in force for these files: each machine goes by its file as it is now.

    For a file that you removed or shortened on purpose. Refused while the file here is broken.
    """
    for section in sections:
        if section not in SECTIONS:
            raise PermanentError(f"there is no section {section}; the sections are {', '.join(SECTIONS)}")
        Config.from_environment().load_section(section)
    with open_database() as connection:
        for section in sections:
            number = forget_section(connection, section=section)
            _print(f"{section}.yaml: {count(number, 'earlier file')} forgotten")


@app.command("check")
def check(folder: Annotated[Path, typer.Argument(help="A folder such as LEADOPS_CONFIG_DIR.")]) -> None:
    """Name what is wrong with the settings in FOLDER; exit with 1 if anything is.

    Named are: what leadops refuses, such as unknown keys; keys that only repeat the shipped value; files that
    leadops does not read because of their name.
    """
    if not folder.is_dir():
        raise PermanentError(f"{folder}: is not a folder")
    faults = [fault for file in sorted(folder.iterdir()) for fault in _check_file(file)]
    for fault in faults:
        _print(fault)
    if faults:
        raise typer.Exit(1)
    files = sum(file.suffix == ".yaml" for file in folder.iterdir())
    _print(f"{count(files, 'file')}, nothing wrong")


def _check_file(file: Path) -> list[str]:
    name = file.name.removesuffix(".yaml")
    if file.name == f"{name}.yaml" and name in SECTIONS:
        return [*_find_faults(name, file), *_find_repetitions(name, file)]
    if file.suffix.lower() not in (".yaml", ".yml"):
        return []
    near = get_close_matches(file.name, [f"{section}.yaml" for section in SECTIONS], n=1, cutoff=0.5)
    advice = f"did you mean {near[0]}?" if near else f"the files are {', '.join(SECTIONS)}, each with .yaml"
    return [f"{file}: leadops does not read a file of this name; {advice}"]


def _find_faults(name: str, file: Path) -> list[str]:
    try:
        load_section(name, find_model(name), own=file)
    except ConfigError as error:
        return str(error).splitlines()
    return []


def _find_repetitions(name: str, file: Path) -> list[str]:
    try:
        found = find_useless(parse_file(file), parse_shipped(name, find_model(name)))
        return [f"{place}: {key}: repeats the shipped value; remove it" for place, key in found]
    except ConfigError:
        return []  # named already


def _print(line: str) -> None:
    console.print(line, highlight=False, soft_wrap=True)
