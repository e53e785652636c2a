"""The Debian root that holds Asterisk: which suite, which warnings, and what an interrupted or failed build leaves.

mmdebstrap is a stand-in that complains as the real one does, or writes a root of three files.
"""

import os
from pathlib import Path

import pytest

from callcenter.asterisk import debian_root
from callcenter.asterisk.debian_root import RootBuildFailed, ensure_root, renew_root

STAND_IN = """#!/bin/bash
printf '%s\\n' "$*" >>"{calls}"
suite=${{@: -2:1}}
if grep -q "^$suite expired" "{world}" && [[ "$*" != *Check-Valid-Until* ]]; then
  echo "E: Release file for http://archive/dists/$suite/InRelease is expired (invalid since 3d)." >&2; exit 25
fi
if grep -q "^$suite lacks" "{world}"; then echo 'E: Unable to locate package asterisk' >&2; exit 100; fi
if grep -q "^$suite forged" "{world}"; then echo 'E: The repository is not signed.' >&2; exit 100; fi
root=$(mktemp -d); mkdir -p "$root/usr/sbin" "$root/etc"; echo "$suite" >"$root/usr/sbin/asterisk"
tar --create --directory "$root" .; rm -r "$root"
"""


class Debian:
    """What the archive is like, and how mmdebstrap was called."""

    def __init__(self, directory: Path) -> None:
        self._world = directory / "world"
        self._world.touch()
        self._calls = directory / "calls"
        self.root = directory / "cache" / "asterisk-root"
        program = directory / "bin" / "mmdebstrap"
        program.parent.mkdir()
        program.write_text(STAND_IN.format(calls=self._calls, world=self._world))
        program.chmod(0o755)
        self.path = f"{program.parent}:{os.environ['PATH']}"

    def becomes(self, *states: str) -> None:
        self._world.write_text("".join(f"{state}\n" for state in states))

    @property
    def calls(self) -> list[str]:
        return self._calls.read_text().splitlines()


@pytest.fixture
def debian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Debian:
    made = Debian(tmp_path)
    monkeypatch.setenv("PATH", made.path)
    monkeypatch.setattr(debian_root, "cached_root", lambda: made.root)
    return made


def suite_of(root: Path) -> str:
    return (root / "usr/sbin/asterisk").read_text().strip()


def test_the_root_is_built_once_and_its_release_is_checked(debian: Debian) -> None:
    said: list[str] = []
    assert suite_of(ensure_root(said.append)) == "testing"
    ensure_root(said.append)
    assert len(debian.calls) == 1
    assert "Check-Valid-Until" not in debian.calls[0]
    assert not any("ВНИМАНИЕ" in line for line in said)


def test_an_expired_release_is_accepted_with_a_warning_and_never_an_unsigned_one(debian: Debian) -> None:
    debian.becomes("testing expired")
    said: list[str] = []
    assert suite_of(ensure_root(said.append)) == "testing"
    assert any("ВНИМАНИЕ" in line and "истёк" in line for line in said)
    assert not any("allow" in call.lower() or "trusted" in call.lower() for call in debian.calls)


def test_sid_helps_out_where_testing_has_no_asterisk(debian: Debian) -> None:
    debian.becomes("testing lacks")
    assert suite_of(ensure_root(lambda line: None)) == "sid"


def test_a_forged_archive_is_the_end(debian: Debian) -> None:
    debian.becomes("testing forged")
    with pytest.raises(RootBuildFailed, match="is not signed"):
        ensure_root(lambda line: None)
    assert not debian.root.exists()
    assert len(debian.calls) == 1


def test_no_suite_has_it(debian: Debian) -> None:
    debian.becomes("testing lacks", "sid lacks")
    with pytest.raises(RootBuildFailed, match="no Debian suite of testing, sid"):
        ensure_root(lambda line: None)


def test_an_interrupted_build_is_begun_anew(debian: Debian) -> None:
    rubbish = debian.root.with_name("asterisk-root.making") / "usr"
    rubbish.mkdir(parents=True)
    (rubbish / "half").touch()
    assert not (ensure_root(lambda line: None) / "usr/half").exists()
    assert not rubbish.exists()


def test_a_renewed_root_keeps_the_old_one_beside_it_and_a_failed_renewal_changes_nothing(debian: Debian) -> None:
    ensure_root(lambda line: None)
    debian.becomes("testing lacks")
    assert suite_of(renew_root(lambda line: None)) == "sid"
    assert suite_of(debian.root.with_name("asterisk-root.old")) == "testing"
    debian.becomes("testing forged")
    with pytest.raises(RootBuildFailed):
        renew_root(lambda line: None)
    assert suite_of(debian.root) == "sid"
