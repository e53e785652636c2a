"""Takes a ready-made Vosk model from a name, an address or a file, and puts it where the centre can use it."""

import hashlib
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import httpx
import yaml

from callcenter.core.errors import CallcenterError
from callcenter.hearing.engine import BrokenModel
from callcenter.hearing.engines.vosk_model import VoskModel, read_vosk_model

OFFICIAL = Path(__file__).resolve().parents[2] / "speech_model" / "official.yaml"
_LARGEST = 12 * 10**9
"""Bytes of an unpacked model; the largest published ones take three thousand million."""
_PIECE = 1 << 20
_CONNECT_SECONDS = 15.0
_SILENT_SECONDS = 60.0

Progress = Callable[[str], None]


class NotInstalled(CallcenterError):
    """The model could not be installed. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Official:
    """A model that its makers publish."""

    short: str
    name: str
    address: str
    megabytes: int
    note: str
    mark: str


def read_official(file: Path = OFFICIAL) -> tuple[Official, ...]:
    held = yaml.safe_load(file.read_text(encoding="utf-8"))
    return tuple(
        Official(short, one["name"], one["address"], one["megabytes"], one["note"], one["mark"])
        for short, one in held.items()
    )


def install(source: str, models: Path, *, sha256: str = "", progress: Progress = print) -> VoskModel:
    """The model of `source` (a known name, an http address, an archive or a directory), unpacked below `models`.

    A model there of the same name is replaced. Raises NotInstalled with the mend.
    """
    models.mkdir(parents=True, exist_ok=True)
    known = {one.short: one for one in read_official()} | {one.name: one for one in read_official()}
    if source in known:
        source = known[source].address
    with tempfile.TemporaryDirectory(prefix=".install-", dir=models) as directory:
        work = Path(directory)
        unpacked = _fetch(source, work, sha256, progress, known)
        found = _find_model(unpacked)
        model = _make_usable(found, progress)
        name = found.name if found != work / "unpacked" else Path(source).stem
        place = models / name
        old = work / "old"
        if place.exists():
            place.rename(old)
        found.rename(place)
    return VoskModel(place, model.rate, model.takes_phrases, model.megabytes, model.words, model.delay)


def _fetch(source: str, work: Path, sha256: str, progress: Progress, known: dict[str, Official]) -> Path:
    if source.startswith(("http://", "https://")):
        archive = work / "model.zip"
        _download(source, archive, progress)
        return _unpack(archive, work, sha256, source)
    path = Path(source).expanduser()
    if path.is_dir():
        if sha256:
            raise NotInstalled("--sha256 is for an archive; a directory has no sum")
        shutil.copytree(path, work / "unpacked" / path.name)
        return work / "unpacked"
    if path.is_file():
        return _unpack(path, work, sha256, source)
    names = ", ".join(sorted(known))
    raise NotInstalled(f"«{source}» — не имя известной модели ({names}), не адрес http(s) и не файл на этой машине")


def _download(address: str, archive: Path, progress: Progress) -> None:
    timeout = httpx.Timeout(_SILENT_SECONDS, connect=_CONNECT_SECONDS)
    told = 0
    try:
        with (
            httpx.stream("GET", address, timeout=timeout, follow_redirects=True) as answer,
            archive.open("wb") as file,
        ):
            answer.raise_for_status()
            total = int(answer.headers.get("content-length", 0))
            for piece in answer.iter_bytes(_PIECE):
                file.write(piece)
                tenths = 10 * file.tell() // total if total else 0
                if tenths > told:
                    told = tenths
                    progress(f"загружено {tenths * 10} %")
                if file.tell() > _LARGEST:
                    raise NotInstalled(f"{address}: больше {_LARGEST // 10**9} ГБ, это не модель речи")
    except httpx.HTTPStatusError as error:
        raise NotInstalled(f"{address}: сервер ответил {error.response.status_code}; проверьте адрес") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NotInstalled(
            f"{address}: не загрузить ({error or type(error).__name__}). Если на этой машине нет интернета, загрузите "
            "архив на другой и укажите файл: callcenter ear install /путь/к/архиву.zip"
        ) from error


def _unpack(archive: Path, work: Path, sha256: str, source: str) -> Path:
    if sha256:
        with archive.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != sha256.lower():
            raise NotInstalled(
                f"{source}: сумма SHA-256 {found}, а ожидалась {sha256.lower()}; архив не тот или повреждён"
            )
    target = work / "unpacked"
    with _open_archive(archive, source) as held:
        if sum(entry.file_size for entry in held.infolist()) > _LARGEST:
            raise NotInstalled(f"{source}: после распаковки больше {_LARGEST // 10**9} ГБ, это не модель речи")
        for entry in held.infolist():
            _refuse_unsafe(entry, source)
        held.extractall(target)
    return target


@contextmanager
def _open_archive(archive: Path, source: str) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(archive) as held:
            yield held
    except (zipfile.BadZipFile, zipfile.LargeZipFile, OSError) as error:
        raise NotInstalled(f"{source}: это не архив ZIP или он повреждён ({error})") from error


def _refuse_unsafe(entry: zipfile.ZipInfo, source: str) -> None:
    """No entry may lie outside of the directory, and none may be a link to there."""
    path = PurePosixPath(entry.filename)
    if path.is_absolute() or ".." in path.parts or "\\" in entry.filename or stat.S_ISLNK(entry.external_attr >> 16):
        raise NotInstalled(f"{source}: в архиве опасное имя «{entry.filename}»; такой архив не распаковываем")


def _find_model(unpacked: Path) -> Path:
    """Archives hold one directory with the model in it, or the model itself."""
    inside = [entry for entry in unpacked.iterdir() if entry.is_dir() and not entry.name.startswith("__")]
    return inside[0] if len(inside) == 1 and not (unpacked / "conf").is_dir() else unpacked


def _make_usable(directory: Path, progress: Progress) -> VoskModel:
    """Allows 16 kHz models to take the telephone's 8 kHz, and looks at the result as the centre will."""
    for features in (directory / "conf" / "mfcc.conf", directory / "mfcc.conf"):
        if features.is_file() and "--allow-upsample" not in (held := features.read_text(encoding="utf-8")):
            features.write_text(held.rstrip("\n") + "\n--allow-upsample=true\n", encoding="utf-8")
            progress("модель на 16 кГц сможет слушать телефон (8 кГц): --allow-upsample=true в mfcc.conf")
    try:
        return read_vosk_model(directory)
    except BrokenModel as error:
        raise NotInstalled(f"это не модель Vosk, которую можно использовать: {error}") from error
