"""Unpacks untrusted archives safely: no entry may leave the target directory, and the size is limited."""

import lzma
import stat
import tarfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from callcenter.core.errors import CallcenterError

MAX_UNPACKED_BYTES = 12 * 10**9
"""Most bytes of an unpacked model or a download. The largest published models take 3 GB."""
_BROKEN = (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, ValueError, RuntimeError)
"""Errors of a damaged archive. zipfile raises RuntimeError for a password and for an unknown compression."""


class BrokenArchive(CallcenterError):
    """The archive cannot be unpacked, or must not be."""


def unpack(archive: Path, target: Path, source: str) -> None:
    """Unpack a ZIP or TAR (also .gz, .bz2, .xz) into `target`. Raises BrokenArchive, whose message names `source`."""
    try:
        if zipfile.is_zipfile(archive):
            _unpack_zip(archive, target, source)
        elif tarfile.is_tarfile(archive):
            _unpack_tar(archive, target, source)
        else:
            raise BrokenArchive(
                f"{source}: это не архив, или он повреждён; нужен .zip, .tar.gz (.tar.bz2, .tar.xz) или каталог с "
                "распакованной моделью"
            )
    except _BROKEN as error:
        raise BrokenArchive(f"{source}: архив повреждён или закрыт паролем ({error}); возьмите его заново") from error


def _unpack_zip(archive: Path, target: Path, source: str) -> None:
    with zipfile.ZipFile(archive) as held:
        entries = held.infolist()
        _refuse_large(sum(entry.file_size for entry in entries), source)
        for entry in entries:
            _refuse_unsafe(entry.filename, stat.S_ISLNK(entry.external_attr >> 16), source)
        held.extractall(target)  # noqa: S202 - entries are checked above


def _unpack_tar(archive: Path, target: Path, source: str) -> None:
    with tarfile.open(archive) as held:
        size = 0
        for member in held:
            _refuse_unsafe(member.name, not (member.isfile() or member.isdir()), source)
            size += member.size
            _refuse_large(size, source)
        held.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)  # data_filter: 3.11.4+
        held.extractall(target)  # noqa: S202 - entries are checked above


def _refuse_large(size: int, source: str) -> None:
    if size > MAX_UNPACKED_BYTES:
        raise BrokenArchive(f"{source}: после распаковки больше {MAX_UNPACKED_BYTES // 10**9} ГБ, это не модель речи")


def _refuse_unsafe(name: str, link: bool, source: str) -> None:
    """Refuse entries that would lie outside of the target directory, and links. Raises BrokenArchive."""
    path = PurePosixPath(name)
    if link or path.is_absolute() or ".." in path.parts or "\\" in name:
        raise BrokenArchive(f"{source}: в архиве опасное имя «{name}»; такой архив не распаковываем")
