"""Keeps personal data out of what people read in the chat and in logs."""

import re

EMAIL = re.compile(r"[^\s@<>\"'(),;:=]+@[^\s@<>\"'(),;:]+\.[^\s@<>\"'(),;:]+")


def mask_text(text: object, *, longest: int = 120) -> str:
    """Return the first line of `text`, e-mail addresses masked, cut to `longest` characters."""
    lines = str(text).strip().splitlines()
    masked = EMAIL.sub("[e-mail]", lines[0] if lines else "").strip()
    return masked if len(masked) <= longest else masked[: longest - 1].rstrip() + "…"
