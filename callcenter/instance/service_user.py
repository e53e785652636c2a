"""The unprivileged user PostgreSQL and Asterisk run as.

Started by root they run as the system user `callcenter`, which set-up makes; started by an ordinary
user they run as that user.
"""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from callcenter.core.errors import CallcenterError

NAME = "callcenter"


class ServiceUserUnavailable(CallcenterError):
    """The system user `callcenter` could not be made."""


@dataclass(frozen=True, slots=True)
class ServiceUser:
    """`drops` is true when we are root and have to step down to become this user."""

    name: str
    uid: int
    gid: int
    drops: bool

    def command(self, words: list[str]) -> list[str]:
        """The command that runs `words` as this user, keeping the process id."""
        if not self.drops:
            return words
        return ["setpriv", f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups", "--", *words]

    def own(self, path: Path) -> None:
        """Makes this user the owner of one file or directory."""
        if self.drops:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def own_tree(self, path: Path) -> None:
        """Makes this user the owner of a directory and of all in it; links are not followed."""
        if not self.drops:
            return
        self.own(path)
        for directory, names, files in os.walk(path):
            for name in (*names, *files):
                self.own(Path(directory, name))


def service_user() -> ServiceUser:
    """The user PostgreSQL and Asterisk run as; makes the system user when root finds it missing."""
    if os.geteuid() != 0:
        mine = pwd.getpwuid(os.geteuid())
        return ServiceUser(name=mine.pw_name, uid=mine.pw_uid, gid=mine.pw_gid, drops=False)
    try:
        found = pwd.getpwnam(NAME)
    except KeyError:
        made = subprocess.run(
            ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/var/lib/callcenter",
             "--shell", "/usr/sbin/nologin", NAME],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        try:
            found = pwd.getpwnam(NAME)  # a set-up running beside us may have been quicker
        except KeyError:
            raise ServiceUserUnavailable(
                f"useradd could not make the system user «{NAME}»: {made.stderr.strip()}"
            ) from None
    return ServiceUser(name=NAME, uid=found.pw_uid, gid=found.pw_gid, drops=True)
