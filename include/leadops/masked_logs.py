"""What libraries log passes the mask as well: some print an answer that they cannot read, token and all."""

import logging
from typing import Any

from leadops.mask import hide_private

#: Ours are written with care and name no person; what is below a warning is not shown.
_OWN = "leadops"


def mask_records() -> None:
    """Mask warnings and errors of other packages from now on, in this process; again changes nothing."""
    former = logging.getLogRecordFactory()
    if getattr(former, "masks", False):
        return

    def make(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = former(*args, **kwargs)
        # logging.makeLogRecord asks for an empty record, without name and level, and fills it afterwards.
        if record.name and record.levelno >= logging.WARNING and not record.name.startswith(_OWN):
            message = record.getMessage()
            if (masked := hide_private(message)) != message:
                record.msg, record.args = masked, ()
        return record

    make.masks = True  # type: ignore[attr-defined]  # how the next call knows it
    logging.setLogRecordFactory(make)
