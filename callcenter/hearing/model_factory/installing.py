"""Installs a ready-made Vosk model from a known name, a web address, an archive or a directory."""

import hashlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import yaml

from callcenter.core.errors import CallcenterError
from callcenter.hearing.model_factory.unpacking import MAX_UNPACKED_BYTES, BrokenArchive, unpack
from callcenter.hearing.server.engine import BrokenModel
from callcenter.hearing.server.engines.vosk_model import VoskModel, expect_network, holds_network, read_vosk_model

_ROOT = Path(__file__).resolve().parents[3]
PUBLISHED_MODELS_FILE = _ROOT / "speech_model" / "official.yaml"
_TRIAL = "callcenter.hearing.server.engines.vosk_trial"
_TRIAL_SECONDS = 600
"""Time limit of the trial in seconds. The largest models take a minute to load from a slow disk."""
_UNCHANGED_NOTICE = "центр слушает как прежде"
_CHUNK_BYTES = 1 << 20
_CONNECT_SECONDS = 15.0
_READ_TIMEOUT_SECONDS = 60.0

Progress = Callable[[str], None]


class InstallFailed(CallcenterError):
    """The model could not be installed. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class PublishedModel:
    """A model published by its makers.

    `verification_mark` «[K]»: address and size are known but were not tried (see official.yaml).
    """

    short_name: str
    name: str
    address: str
    megabytes: int
    note: str
    verification_mark: str


def read_official(file: Path = PUBLISHED_MODELS_FILE) -> tuple[PublishedModel, ...]:
    held = yaml.safe_load(file.read_text(encoding="utf-8"))
    return tuple(
        PublishedModel(short, one["name"], one["address"], one["megabytes"], one["note"], one["mark"])
        for short, one in held.items()
    )


def install(source: str, models: Path, *, sha256: str = "", progress: Progress = print) -> VoskModel:
    """Install the model of `source` (known name, http(s) address, archive or directory) below `models` and return it.

    The model is tried first: a separate process loads it and decodes a second of silence. An installed model of the
    same name is replaced. `sha256` is the archive's expected checksum in hexadecimal; empty: it is only reported.

    Raises InstallFailed, whose message says what to do; nothing is left behind then.
    """
    known = {one.short_name: one for one in read_official()} | {one.name: one for one in read_official()}
    if source in known:
        source = known[source].address
    far = source.startswith(("http://", "https://"))
    given = None if far else Path(source).expanduser()
    if given is not None and not given.exists():
        names = ", ".join(one.short_name for one in read_official())
        raise InstallFailed(
            f"«{source}» — не имя известной модели ({names}), не адрес http(s) и не файл на этой машине"
        )
    if given is not None and given.is_dir():
        _check_source_directory(given, sha256)
    try:
        with _make_work_directory(models) as work:
            unpacked = work / "unpacked"
            if given is not None and given.is_dir():
                shutil.copytree(given, unpacked)
            else:
                archive = given or _download(source, work / "archive", progress)
                _compare_sum(archive, source, sha256, progress)
                unpack(archive, unpacked, source)
            found = _find_model(unpacked)
            model = _make_usable(found, source, progress)
            _run_trial(found, source, progress)
            place = models / (_name_of(source) if found == unpacked else found.name)
            _move_into_place(found, place, work / "old")
    except BrokenArchive as error:
        raise InstallFailed(str(error)) from error
    except OSError as error:
        raise InstallFailed(
            f"{error.filename or models}: не прочитать или не записать ({error.strerror or error})"
        ) from error
    return VoskModel(place, model.rate, model.takes_phrases, model.megabytes, model.words, model.result_delay)


def _check_source_directory(directory: Path, sha256: str) -> None:
    """Refuse a directory that is no model before it is copied: a user may name a whole home directory by mistake."""
    if sha256:
        raise InstallFailed("--sha256 — сумма архива, а у каталога её нет; уберите --sha256")
    try:
        expect_network(directory)
    except BrokenModel as error:
        raise InstallFailed(str(error)) from error


@contextmanager
def _make_work_directory(models: Path) -> Iterator[Path]:
    """Make a temporary directory below `models`. On an error the directories created for it are removed, too."""
    made = [place for place in (models, *models.parents) if not place.exists()]
    try:
        models.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".install-", dir=models) as directory:
            yield Path(directory)
    except BaseException:
        for place in made:
            with suppress(OSError):
                place.rmdir()
        raise


def _move_into_place(found: Path, place: Path, old: Path) -> None:
    """Move a model to `place`, and what is there to `old`. On an error the old model is put back."""
    replaces = place.exists()
    if replaces:
        place.rename(old)
    try:
        found.rename(place)
    except BaseException:
        if replaces:
            old.rename(place)
        raise


def _download(address: str, archive: Path, progress: Progress) -> Path:
    timeout = httpx.Timeout(_READ_TIMEOUT_SECONDS, connect=_CONNECT_SECONDS)
    told = 0
    try:
        with (
            httpx.stream("GET", address, timeout=timeout, follow_redirects=True) as answer,
            archive.open("wb") as file,
        ):
            answer.raise_for_status()
            total = int(answer.headers.get("content-length", 0))
            for piece in answer.iter_bytes(_CHUNK_BYTES):
                file.write(piece)
                tenths = 10 * file.tell() // total if total else 0
                if tenths > told:
                    told = tenths
                    progress(f"загружено {tenths * 10} %")
                if file.tell() > MAX_UNPACKED_BYTES:
                    raise InstallFailed(f"{address}: больше {MAX_UNPACKED_BYTES // 10**9} ГБ, это не модель речи")
    except httpx.HTTPStatusError as error:
        raise InstallFailed(f"{address}: сервер ответил {error.response.status_code}; проверьте адрес") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise InstallFailed(
            f"{address}: не загрузить ({error or type(error).__name__}). Если на этой машине нет интернета, загрузите "
            "архив на другой и укажите файл: callcenter ear install /путь/к/архиву.zip"
        ) from error
    return archive


def _compare_sum(archive: Path, source: str, sha256: str, progress: Progress) -> None:
    with archive.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if not sha256:
        progress(
            f"сумма SHA-256 архива: {found}; она не сверена, --sha256 не указан: "
            "сравните с той, что показывает издатель"
        )
    elif found == sha256.strip().lower():
        progress("сумма SHA-256 совпала")
    else:
        raise InstallFailed(
            f"{source}: сумма SHA-256 {found}, а ожидалась {sha256.strip().lower()}; архив не тот или повреждён"
        )


def _name_of(source: str) -> str:
    """Name for a model whose archive holds no directory: the name of the archive, or of the given directory."""
    name = Path(source.partition("?")[0]).expanduser().resolve().name
    return re.sub(r"\.(?:zip|tgz|tar(?:\.\w+)?)$", "", name) or "model"


def _find_model(unpacked: Path) -> Path:
    """Find the model's directory: an archive holds either one directory with the model, or the model's files."""
    inside = [entry for entry in unpacked.iterdir() if entry.is_dir() and not entry.name.startswith("__")]
    return inside[0] if len(inside) == 1 and not holds_network(unpacked) else unpacked


def _make_usable(directory: Path, source: str, progress: Progress) -> VoskModel:
    """Let a 16 kHz model accept the telephone's 8 kHz, then check the model as the call center will at its start."""
    for features in (directory / "conf" / "mfcc.conf", directory / "mfcc.conf"):
        if not features.is_file():
            continue
        held = features.read_text(encoding="utf-8", errors="surrogateescape")
        if "--allow-upsample" not in held and "--sample-frequency=8000" not in held:
            more = held.rstrip("\n") + "\n--allow-upsample=true\n"
            features.write_text(more, encoding="utf-8", errors="surrogateescape")
            progress("модель на 16 кГц сможет слушать телефон (8 кГц): --allow-upsample=true в mfcc.conf")
    try:
        return read_vosk_model(directory)
    except BrokenModel as error:
        told = str(error).removeprefix(f"{directory}: ").replace(str(directory), source)
        raise InstallFailed(f"{source}: {told}") from error


def _run_trial(directory: Path, source: str, progress: Progress) -> None:
    """Load the model and decode a second of silence in a separate process. Raises InstallFailed."""
    progress("пробую загрузить модель…")
    try:
        done = subprocess.run(
            [sys.executable, "-m", _TRIAL, directory],
            cwd=_ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_TRIAL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise InstallFailed(
            f"{source}: модель не загрузилась и за {_TRIAL_SECONDS // 60} минут; {_UNCHANGED_NOTICE}"
        ) from error
    if done.returncode == -signal.SIGKILL:
        raise InstallFailed(
            f"{source}: загрузку модели прервала система, похоже, не хватило памяти; {_UNCHANGED_NOTICE}"
        )
    if done.returncode != 0:
        raise InstallFailed(
            f"{source}: Vosk не может загрузить эту модель: повреждена или не для него; возьмите её заново; "
            f"{_UNCHANGED_NOTICE}"
        )
