"""Slack's markup: text that shows as it is, and links."""

from leadops.normalization.visible_text import show_text


def escape(text: str) -> str:
    """Escape the three characters with which Slack's markup begins or ends, and what nobody sees."""
    shown = "\n".join(map(show_text, text.split("\n")))
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """Return `text` as a channel without Slack's markup shows it."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def link(url: str, label: str) -> str:
    """Return a link; `label` is already escaped."""
    return f"<{escape(url).replace('|', '%7C')}|{label}>"
