"""The account of a lead: whose further leads go to the same salesperson."""

import hashlib
from collections.abc import Mapping
from typing import Any

from leadops.normalization.company_names import make_company_key


def name_account(lead_id: int, account_id: int | None, traits: Mapping[str, Any]) -> str:
    """Return the account: the one that identity assigned, else the company's name, else the lead itself.

    Names are compared without case, width and legal form; a name that names no company (N/A, 個人) is not an
    account.
    """
    if account_id is not None:
        return f"account:{account_id}"
    company = make_company_key(str(traits.get("company") or ""))
    if company is not None:
        return f"company:{hashlib.md5(company.encode(), usedforsecurity=False).hexdigest()}"
    return f"lead:{lead_id}"
