"""Has the Slack messages about somebody erased shown again, without what they said."""

from leadops.db import Connection
from leadops.erased.erased_person import ErasedPerson
from leadops.incidents.incident import erase_facts
from leadops.queries import Queries

queries = Queries(__file__)


def erase_messages(connection: Connection, person: ErasedPerson) -> None:
    """Clear the facts of incidents, and let `notify` edit each message that shows them, ended ones too."""
    message_ids = erase_facts(connection, pattern=person.pattern)
    queries.run(connection, "show_again", message_ids=message_ids, pattern=person.pattern)
