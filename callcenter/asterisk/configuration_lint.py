"""Checks Asterisk's rendered configuration before Asterisk reads it: for toll fraud first, then for lost calls.

A mistake in these files costs money (a stranger dials Cuba through the company's trunk) or a conversation, and Asterisk
gives no warning. Each rule has a stable code: AST0xx file syntax, 1xx dialplan, 2xx SIP, 3xx control interfaces and
event logs, 4xx modules, 5xx media and queue. `tests/asterisk/test_configuration_lint.py` plants a fault per rule,
which no other rule may report.
"""

from collections.abc import Mapping
from pathlib import Path

from callcenter.asterisk.lint.configuration_parser import read_configuration
from callcenter.asterisk.lint.control_rules import check_control
from callcenter.asterisk.lint.dialplan import read_dialplan
from callcenter.asterisk.lint.dialplan_rules import check_dialplan
from callcenter.asterisk.lint.media_rules import check_media
from callcenter.asterisk.lint.module_rules import check_modules
from callcenter.asterisk.lint.sip_rules import check_sip
from callcenter.core.problems import FileLocation, Problem

REQUIRED_FILES = (
    "ari.conf", "asterisk.conf", "cel.conf", "cel_custom.conf", "extensions.conf", "features.conf", "http.conf",
    "logger.conf", "manager.conf", "modules.conf", "musiconhold.conf", "pjsip.conf", "queues.conf", "rtp.conf",
)  # fmt: skip
"""Required files: without one of them, Asterisk would use its own defaults."""


def lint_configuration(files: Mapping[str, str], *, production: bool = False) -> list[Problem]:
    """Returns the problems of the rendered files (text by file name), sorted by file and line of those files.

    When a file of NEEDED is missing, only the missing files are reported. In `production`, the endpoint of the test
    resident is a problem.
    """
    missing = [name for name in REQUIRED_FILES if name not in files]
    if missing:
        return [
            Problem(FileLocation(Path(name)), "AST003", "файла нет, а без него Asterisk живёт по-своему")
            for name in missing
        ]
    configuration, problems = read_configuration(files)
    dialplan = read_dialplan(configuration)
    problems += check_dialplan(configuration, dialplan)
    problems += check_sip(configuration, dialplan, production=production)
    problems += check_control(configuration)
    problems += check_modules(configuration, dialplan)
    problems += check_media(configuration, dialplan)
    return sorted(set(problems))
