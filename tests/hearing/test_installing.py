"""Ready-made models: from a directory, an archive and a server, and everything that may be wrong with them."""

import functools
import hashlib
import http.server
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from callcenter.commands.ear import switch_over
from callcenter.hearing.installing import NotInstalled, install, read_official
from callcenter.settings import Settings

MFCC = "--use-energy=false\n--num-ceps=40\n"


def pack(archive: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(archive, "w") as held:
        for name, text in files.items():
            held.writestr(name, text)
    return archive


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """As releases are: one directory, 16 kHz."""
    inside = {"am/final.mdl": "", "conf/mfcc.conf": MFCC, "graph/HCLG.fst": "", "graph/words.txt": "<eps> 0\nда 1\n"}
    return pack(tmp_path / "vosk-model-x.zip", {f"vosk-model-x/{name}": text for name, text in inside.items()})


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def quiet(_: str) -> None:
    pass


def test_an_archive_becomes_a_model_that_takes_the_telephone(archive: Path, tmp_path: Path) -> None:
    told: list[str] = []
    model = install(str(archive), tmp_path / "models", progress=told.append)
    assert model.directory == tmp_path / "models" / "vosk-model-x"
    assert (model.directory / "conf" / "mfcc.conf").read_text() == MFCC + "--allow-upsample=true\n"
    assert "8 кГц" in told[0]
    assert [left.name for left in (tmp_path / "models").iterdir()] == ["vosk-model-x"]


def test_a_model_comes_from_a_server_and_replaces_an_older_one(archive: Path, server: str, tmp_path: Path) -> None:
    for _ in range(2):
        model = install(f"{server}/{archive.name}", tmp_path / "models", progress=quiet)
    assert model.words == 1
    assert (model.directory / "graph" / "HCLG.fst").is_file()


def test_the_sum_must_be_the_publishers(archive: Path, tmp_path: Path) -> None:
    right = hashlib.sha256(archive.read_bytes()).hexdigest()
    install(str(archive), tmp_path / "models", sha256=right.upper(), progress=quiet)
    with pytest.raises(NotInstalled, match=f"{right}, а ожидалась {'0' * 64}"):
        install(str(archive), tmp_path / "others", sha256="0" * 64, progress=quiet)


def test_an_unpacked_model_is_copied(archive: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(archive) as held:
        held.extractall(tmp_path / "unpacked")
    model = install(str(tmp_path / "unpacked" / "vosk-model-x"), tmp_path / "models", progress=quiet)
    assert model.directory.name == "vosk-model-x"
    assert (tmp_path / "unpacked" / "vosk-model-x" / "conf" / "mfcc.conf").read_text() == MFCC


@pytest.mark.parametrize("name", ["../../evil", "/etc/evil", "x/../../evil", "..\\evil"])
def test_no_file_lands_outside(name: str, tmp_path: Path) -> None:
    archive = pack(tmp_path / "evil.zip", {name: "evil"})
    with pytest.raises(NotInstalled, match="опасное имя"):
        install(str(archive), tmp_path / "models", progress=quiet)
    assert not [file for file in tmp_path.rglob("*evil") if file.suffix != ".zip"]


def test_a_link_in_an_archive_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("model/conf")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as held:
        held.writestr(link, "/etc")
    with pytest.raises(NotInstalled, match="опасное имя"):
        install(str(tmp_path / "link.zip"), tmp_path / "models", progress=quiet)


def test_what_is_no_model_is_not_installed(tmp_path: Path) -> None:
    archive = pack(tmp_path / "cats.zip", {"cats/cat.txt": "cat"})
    with pytest.raises(NotInstalled, match="не модель Vosk"):
        install(str(archive), tmp_path / "models", progress=quiet)
    (tmp_path / "text.zip").write_text("cats")
    with pytest.raises(NotInstalled, match="не архив ZIP"):
        install(str(tmp_path / "text.zip"), tmp_path / "models", progress=quiet)
    with pytest.raises(NotInstalled, match="small"):
        install("no-such-model", tmp_path / "models", progress=quiet)
    assert not list((tmp_path / "models").iterdir())


def test_without_a_network_it_says_what_else_can_be_done(server: str, tmp_path: Path) -> None:
    with pytest.raises(NotInstalled, match="укажите файл"):
        install("http://127.0.0.1:1/model.zip", tmp_path / "models", progress=quiet)
    with pytest.raises(NotInstalled, match="404"):
        install(f"{server}/nothing.zip", tmp_path / "models", progress=quiet)


def test_published_models_say_what_is_not_verified() -> None:
    assert {one.short for one in read_official()} == {"small", "big"}
    assert all(one.mark == "[K]" and one.address.endswith(".zip") for one in read_official())


@pytest.mark.parametrize(
    "before",
    [
        "",
        "production = false\n",
        '[ear]\nmodel = "own"\n\n[recordings]\nretention_days = 365\n',
        "[ear]\n# nothing yet\n[recordings]\nretention_days = 365\n",
    ],
)
def test_one_setting_switches_over(before: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "callcenter.toml"
    file.write_text(before, encoding="utf-8")
    monkeypatch.setenv("CALLCENTER_SETTINGS_FILE", str(file))
    monkeypatch.delenv("CALLCENTER_EAR__MODEL", raising=False)
    for model in ("/srv/one", "/srv/two"):
        switch_over(file, Path(model))
        assert Settings().speech_model == Path(model)
    assert Settings().recordings.retention_days == 365
