"""The unprivileged user that PostgreSQL and Asterisk run as.

For root this is the system user `callcenter`, which the set-up creates; for any other user it is that user.
"""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from callcenter.core.errors import CallcenterError

NAME = "callcenter"


class ServiceUserUnavailable(CallcenterError):
    """The system user `callcenter` could not be created."""


@dataclass(frozen=True, slots=True)
class ServiceUser:
    """`drops` is true when the current process is root and has to drop privileges to run as this user."""

    name: str
    uid: int
    gid: int
    drops: bool

    def command(self, words: list[str]) -> list[str]:
        """Returns the command that runs `words` as this user with the same pid."""
        if not self.drops:
            return words
        return ["setpriv", f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups", "--", *words]

    def own(self, path: Path) -> None:
        """Makes this user the owner of a file or directory; a link itself, not its target."""
        if self.drops:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def own_tree(self, path: Path) -> None:
        """Makes this user the owner of a directory and its contents; links are not followed."""
        if not self.drops:
            return
        self.own(path)
        for directory, names, files in os.walk(path):
            for name in (*names, *files):
                self.own(Path(directory, name))


def service_user() -> ServiceUser:
    """Returns the user that PostgreSQL and Asterisk run as; as root, creates a missing system user.

    Raises ServiceUserUnavailable.
    """
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
            found = pwd.getpwnam(NAME)  # a concurrent set-up may have created it
        except KeyError:
            raise ServiceUserUnavailable(
                f"useradd could not make the system user «{NAME}»: {made.stderr.strip()}"
            ) from None
    return ServiceUser(name=NAME, uid=found.pw_uid, gid=found.pw_gid, drops=True)
