"""The secrets of form tools: LEADOPS_FORM_<TOOL>_SECRETS, and LEADOPS_FORM_<TOOL>_TOKEN for hub.challenge."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from leadops.errors import ConfigError
from leadops.events.form_tools import FormTool
from leadops.intake.signing_secrets import SHORTEST, SecretVariable, read_secrets

_VARIABLE = re.compile(r"LEADOPS_FORM_([A-Z][A-Z0-9_]*)_(SECRETS|TOKEN)", re.ASCII)


@dataclass(frozen=True)
class ToolSecrets:
    """By tool: one secret, or two during a rotation; and the token of hub.challenge."""

    secrets: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    tokens: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        """Return those in `environment`; raise ConfigError where one is too short, or there are too many."""
        secrets, tokens = {}, {}
        for name, value in environment.items():
            match = _VARIABLE.fullmatch(name)
            if not match or not value.strip():
                continue
            tool = match[1].lower()
            if match[2] == "SECRETS":
                secrets[tool] = read_secrets(
                    SecretVariable(name, f"the form tool {tool} proves itself with it", is_optional=True),
                    environment,
                )
            elif len(value) < SHORTEST:
                raise ConfigError(f"{name} is shorter than {SHORTEST} characters; give a random one")
            else:
                tokens[tool] = value
        return cls(secrets, tokens)

    def has(self, name: str) -> bool:
        """Return whether the environment has a secret or a token of the tool `name`."""
        return name in self.secrets or name in self.tokens

    def find_missing(self, name: str, tool: FormTool) -> str | None:
        """Return what the tool `name` still needs before it is on, None if nothing."""
        if not self.secrets.get(name):
            return f"set LEADOPS_FORM_{name.upper()}_SECRETS for the gateway, and restart it"
        if tool.needs_url:
            return f"set tools.{name}.url in forms.yaml: the signature covers the address"
        return None
