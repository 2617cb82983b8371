"""Which user agents are machines: the list of crawler-user-agents, and the settings' own patterns."""

import re
from functools import lru_cache

from crawleruseragents import is_crawler

from leadops.events.event_settings import BotSettings


@lru_cache(maxsize=4096)
def is_bot(user_agent: str, bots: BotSettings) -> bool:
    """Return whether `user_agent` names a known bot; an empty one does not.

    The list's some 600 patterns cost about 0.2 ms, so answers are remembered.
    """
    if any(re.search(pattern, user_agent, re.IGNORECASE) for pattern in bots.never):
        return False
    return is_crawler(user_agent) or any(
        re.search(pattern, user_agent, re.IGNORECASE) for pattern in bots.also
    )
