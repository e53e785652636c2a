"""Judges Asterisk's rendered configuration before Asterisk reads it: toll fraud first, then lost calls.

A mistake here costs real money (a stranger dials Cuba through the company's line) or a conversation, and Asterisk
itself would say nothing. Each rule has a code that stays, AST1xx the dialplan, 2xx SIP, 3xx control and truth,
4xx modules, 5xx sound and queue, and a broken file in `tests/asterisk_conf/` that only it refuses.
"""

from collections.abc import Mapping
from pathlib import Path

from callcenter.asterisk.lint.control_rules import check_control
from callcenter.asterisk.lint.dialplan import read_dialplan
from callcenter.asterisk.lint.dialplan_rules import check_dialplan
from callcenter.asterisk.lint.media_rules import check_media
from callcenter.asterisk.lint.module_rules import check_modules
from callcenter.asterisk.lint.sip_rules import check_sip
from callcenter.asterisk.lint.text import read_configuration
from callcenter.core.problems import FileLocation, Problem

NEEDED = (
    "ari.conf", "asterisk.conf", "cel.conf", "cel_custom.conf", "extensions.conf", "features.conf", "http.conf",
    "logger.conf", "manager.conf", "modules.conf", "musiconhold.conf", "pjsip.conf", "queues.conf", "rtp.conf",
)  # fmt: skip


def lint_configuration(files: Mapping[str, str], *, production: bool = False) -> list[Problem]:
    """What is wrong with the rendered files (text by name), sorted by place; the places are lines of those files.

    In `production` the test resident must be absent.
    """
    missing = [name for name in NEEDED if name not in files]
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
