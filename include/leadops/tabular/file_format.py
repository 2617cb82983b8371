"""How a CSV is written, and its reader."""

import codecs
import io
from typing import Annotated, BinaryIO

from pydantic import Field, field_validator

from leadops.settings import Settings
from leadops.tabular.csv_reader import CsvReader

#: A byte order mark says the encoding, whatever the mapping says.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class FileFormat(Settings):
    """How a CSV is written; a Parquet file says so itself."""

    encoding: str = "utf-8"  # Python's name of it; a byte order mark decides over it
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    quote: Annotated[str, Field(min_length=1, max_length=1)] = '"'
    skip_lines: Annotated[int, Field(ge=0, le=1000)] = 0  # lines above the header, such as a report's title

    @field_validator("encoding")
    @classmethod
    def _check_encoding(cls, encoding: str) -> str:
        try:
            "".encode(encoding)
        except LookupError as error:
            raise ValueError(
                f"{encoding!r} is not an encoding; write utf-8, cp1252, cp932 or another of Python's names"
            ) from error
        return encoding

    def find_encoding(self, stream: BinaryIO) -> str:
        """Return the encoding that the first bytes of `stream` name, else that of the mapping."""
        start = stream.read(4)
        stream.seek(0)
        return next((name for mark, name in _MARKS if start.startswith(mark)), self.encoding)

    def open_csv(self, stream: BinaryIO) -> CsvReader:
        """Return a reader of `stream`, which stands at its beginning.

        Bytes that are not in the encoding come as lone surrogates. Raises UnicodeError, here or while
        reading, where the encoding cannot mark them so.
        """
        encoding = self.find_encoding(stream)
        text = io.TextIOWrapper(stream, encoding=encoding, errors="surrogateescape", newline="")
        return CsvReader(text, delimiter=self.delimiter, quote=self.quote, skip_lines=self.skip_lines)
