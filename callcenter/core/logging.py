"""Structured logs: one JSON object a line, the call's id bound once by `structlog.contextvars`.

Phone numbers and names are personal data: they are logged at DEBUG only.
"""

import logging
import sys

import structlog


def configure_logging(level: str = "INFO") -> None:
    """Sends our logs and the libraries' to standard error as JSON lines."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.dict_tracebacks,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(stream=sys.stderr, level=max(logging.getLevelNamesMapping()[level], logging.WARNING))
