"""What a salesperson is told: one line without personal data, in the company's language."""

from leadops.company import Company

WORDS = {
    "en": {
        "new": "{who}: lead {lead} is yours",
        "moved": "{who}: lead {lead} is yours now, nobody got in touch in time",
        "night": "{who}: lead {lead} is yours until somebody is at work",
        "open": "open in the CRM",
        "id": "in the CRM: {id}",
    },
    "ja": {
        "new": "{who}: リード {lead} の担当をお願いします",
        "moved": "{who}: リード {lead} は期限内に連絡がなかったため、担当が移りました",
        "night": "{who}: リード {lead} を営業開始まで担当してください",
        "open": "CRMで開く",
        "id": "CRM: {id}",
    },
}


def say(
    company: Company,
    *,
    lead_id: int,
    rep_id: str | None,
    slack_id: str | None,
    queue: str | None,
    cause: str,
    crm_id: str | None,
    crm_link: str,
) -> str:
    """Return the message (Slack's mrkdwn) to the salesperson `rep_id`, or to those of `queue`."""
    words = WORDS[company.language]
    who = f"<@{slack_id}>" if slack_id else f"*{escape(rep_id or queue or '')}*"
    kind = "night" if rep_id is None else "moved" if cause == "breach" else "new"
    line = words[kind].format(who=who, lead=lead_id)
    if crm_id is None:
        return line
    if crm_link:
        url = escape(crm_link.replace("{id}", crm_id)).replace("|", "%7C")
        return f"{line} (<{url}|{words['open']}>)"
    return f"{line} ({words['id'].format(id=escape(crm_id))})"


def escape(text: str) -> str:
    """Return `text` so that Slack shows it as it is."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
