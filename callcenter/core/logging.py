"""Structured logs: one JSON object per line; the call id is bound once by `structlog.contextvars`.

Phone numbers and names are personal data and are logged at DEBUG only. Therefore tracebacks contain no values of local
variables, rows quoted in PostgreSQL error messages are removed, and so is text between «», where our errors quote texts
to be spoken: such a text may contain a number keyed in by the caller.
"""

import contextlib
import io
import logging
import re
import sys
from collections.abc import Iterable, MutableMapping
from typing import Any, TextIO, cast

import structlog
from structlog.typing import Processor, WrappedLogger

_LINE_END = r"(?:\n|\\n)"  # a line end itself, or escaped in a repr
_DATABASE_ROW = re.compile(
    rf"{_LINE_END}(?:DETAIL|CONTEXT): .*?(?={_LINE_END}\[SQL|{_LINE_END}\(Background|\Z)", re.DOTALL
)
_QUOTED_TEXT = re.compile(r"«[^»]*»")


def configure_logging(level: str = "INFO") -> None:
    """Writes logs of `level` and above, and warnings of libraries, to standard error as JSON lines."""
    threshold = logging.getLevelNamesMapping()[level]
    output = cast(TextIO, BestEffortStream(sys.stderr))
    heads: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    tails: list[Processor] = [
        structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False)),
        _redact_private,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
    structlog.configure(
        processors=[*heads, *tails],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(output),
        cache_logger_on_first_use=False,
    )
    libraries = logging.StreamHandler(output)
    libraries.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=heads,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *tails],
        )
    )
    logging.root.handlers[:] = [libraries]
    logging.root.setLevel(max(threshold, logging.WARNING))


class BestEffortStream(io.TextIOBase):
    """A text stream that ignores write errors of `stream`: a full disk loses log lines but stops no work."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.flush()


def _redact_private(_logger: WrappedLogger, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Structlog processor: removes personal data, for example the rejected row in an error message of PostgreSQL."""
    for key, value in entry.items():
        if isinstance(value, str) and key != "event":
            entry[key] = _redact(value)
    _redact_exceptions(entry.get("exception") or ())
    return entry


def _redact_exceptions(failures: Iterable[dict[str, Any]]) -> None:
    for failure in failures:
        failure["exc_value"] = _redact(failure["exc_value"])
        for member in failure.get("exceptions", ()):  # exception group
            _redact_exceptions(member)


def _redact(text: str) -> str:
    return _QUOTED_TEXT.sub("«…»", _DATABASE_ROW.sub("", text))
