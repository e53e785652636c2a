"""Archives that come from outside: unpacked only when nothing in them can land elsewhere or fill the disk."""

import lzma
import stat
import tarfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from callcenter.core.errors import CallcenterError

LARGEST = 12 * 10**9
"""Bytes of an unpacked model; the largest published ones take three thousand million."""
_BROKEN = (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, ValueError, RuntimeError)
"""RuntimeError: zipfile's for a password, and for a compression that it does not know."""


class BrokenArchive(CallcenterError):
    """The archive cannot be unpacked, or must not be."""


def unpack(archive: Path, target: Path, source: str) -> None:
    """Unpacks a ZIP or TAR (also .gz, .bz2, .xz) into `target`; complaints name it `source`. Raises BrokenArchive."""
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
        held.extractall(target)  # noqa: S202 - its entries were looked at


def _unpack_tar(archive: Path, target: Path, source: str) -> None:
    with tarfile.open(archive) as held:
        size = 0
        for member in held:
            _refuse_unsafe(member.name, not (member.isfile() or member.isdir()), source)
            size += member.size
            _refuse_large(size, source)
        held.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)  # Python 3.11.4 and newer
        held.extractall(target)  # noqa: S202 - its entries were looked at


def _refuse_large(size: int, source: str) -> None:
    if size > LARGEST:
        raise BrokenArchive(f"{source}: после распаковки больше {LARGEST // 10**9} ГБ, это не модель речи")


def _refuse_unsafe(name: str, link: bool, source: str) -> None:
    """No entry may lie outside of the directory, and none may be a link to there."""
    path = PurePosixPath(name)
    if link or path.is_absolute() or ".." in path.parts or "\\" in name:
        raise BrokenArchive(f"{source}: в архиве опасное имя «{name}»; такой архив не распаковываем")
