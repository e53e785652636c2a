"""Structured logs: one JSON object a line, the call's id bound once by `structlog.contextvars`.

Phone numbers and names are personal data: they are logged at DEBUG only. Therefore a traceback tells places and no
values of variables, and an error of the database is cut before the row it is about.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.typing import Processor, WrappedLogger

_ROW = re.compile(r"\n(?:DETAIL|CONTEXT): .*?(?=\n\[SQL|\n\(Background|\Z)", re.DOTALL)


def configure_logging(level: str = "INFO") -> None:
    """Sends our logs and the libraries' warnings to standard error as JSON lines."""
    threshold = logging.getLevelNamesMapping()[level]
    heads: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    tails: list[Processor] = [
        structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False)),
        _cut_rows,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
    structlog.configure(
        processors=[*heads, *tails],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    libraries = logging.StreamHandler(sys.stderr)
    libraries.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=heads,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *tails],
        )
    )
    logging.root.handlers[:] = [libraries]
    logging.root.setLevel(max(threshold, logging.WARNING))


def _cut_rows(_logger: WrappedLogger, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """PostgreSQL adds the row it refused to its message; SQLAlchemy passes it on."""
    for failure in entry.get("exception") or ():
        failure["exc_value"] = _ROW.sub("", failure["exc_value"])
    return entry
