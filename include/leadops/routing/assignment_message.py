"""The Slack message to the salesperson who got a lead: one line without personal data."""

from leadops.company import Company
from leadops.notifications.markup import escape, link
from leadops.notifications.messages import read_section


def form_assignment_message(
    company: Company,
    *,
    lead_id: int,
    rep_id: str | None,
    slack_id: str | None,
    queue: str | None,
    cause: str,
    withdrawn_because: str | None,
    account_state: str | None,
    crm_id: str | None,
    crm_link: str,
) -> str:
    """Return the message (Slack's mrkdwn) to the salesperson `rep_id`, or to those of `queue`.

    It addresses `slack_id` where it is known, and links to the lead in the CRM where `crm_link` has its {id}.
    `account_state`: customer or open_deal where the lead is a colleague of somebody whom sales knows, and is
    counted apart for that. Neither the company nor the colleague is named. `withdrawn_because`: internal,
    split or machine where the MQL was taken back.
    """
    texts = read_section("assignment", company.language)
    who = f"<@{slack_id}>" if slack_id else f"*{escape(rep_id or queue or '')}*"
    if withdrawn_because is not None:
        because = texts[f"withdrawn_{withdrawn_because}"]
        line = texts["withdrawn"].format(who=who, lead=lead_id, because=because)
    else:
        case = "night" if rep_id is None else "moved" if cause == "breach" else "new"
        line = texts[case].format(who=who, lead=lead_id)
    if account_state is not None and withdrawn_because is None:
        line += texts[account_state]
    if crm_id is None:
        return line
    if crm_link:
        return f"{line} ({link(crm_link.replace('{id}', crm_id), texts['open'])})"
    return f"{line} ({texts['id'].format(id=escape(crm_id))})"
