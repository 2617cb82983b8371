"""The secrets of form tools: LEADOPS_FORM_<TOOL>_SECRETS, and LEADOPS_FORM_<TOOL>_TOKEN for hub.challenge."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from leadops.events.form_tools import FormTool
from leadops.secret_variables import SecretVariable, read_secrets

_VARIABLE = re.compile(r"LEADOPS_FORM_([A-Z][A-Z0-9_]*)_(SECRETS|TOKEN)", re.ASCII)


@dataclass(frozen=True)
class ToolSecrets:
    """By tool: one secret, or two during a rotation; and the tokens of hub.challenge, likewise."""

    secrets: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    tokens: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        """Return those in `environment`; raise ConfigError where one is too short, or there are too many."""
        secrets: dict[str, tuple[str, ...]] = {}
        tokens: dict[str, tuple[str, ...]] = {}
        for name, value in environment.items():
            match = _VARIABLE.fullmatch(name)
            if not match or not value.strip():
                continue
            tool = match[1].lower()
            found = secrets if match[2] == "SECRETS" else tokens
            found[tool] = read_secrets(
                SecretVariable(name, f"the form tool {tool} proves itself with it", is_optional=True),
                environment,
            )
        return cls(secrets, tokens)

    def has(self, name: str) -> bool:
        """Return whether the environment has a secret or a token of the tool `name`."""
        return name in self.secrets or name in self.tokens

    def find_missing(self, name: str, tool: FormTool) -> str | None:
        """Return what the tool `name` still needs before it is on, None if nothing."""
        if not self.secrets.get(name):
            return f"set {name_tool_variable(name)} for the gateway, and restart it"
        if tool.needs_url:
            return f"set tools.{name}.url in forms.yaml: the signature covers the address"
        return None


def name_tool_variable(tool: str) -> str:
    """Return the variable with the secrets of the tool of this name."""
    return f"LEADOPS_FORM_{tool.upper()}_SECRETS"
