"""Ready-made models: from a directory, an archive and a server, and everything that may be wrong with them."""

import errno
import functools
import hashlib
import http.server
import io
import os
import tarfile
import threading
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from callcenter.__main__ import main
from callcenter.commands.ear import ModelSwitchFailed, switch_over
from callcenter.hearing.model_factory.installing import InstallFailed, install, read_official
from callcenter.settings import OWN_MODEL, Settings, read_settings
from tests.stand_ins.tone_model import write_tone_model


def pack(archive: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(archive, "w") as held:
        for name, text in files.items():
            held.writestr(name, text)
    return archive


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model of 16 kHz that Vosk loads."""
    return write_tone_model(tmp_path / "made" / "vosk-model-x", ["да"], takes_phrases=False, rate=16000)


@pytest.fixture
def archive(model: Path, tmp_path: Path) -> Path:
    """As releases are: one directory."""
    with zipfile.ZipFile(tmp_path / "vosk-model-x.zip", "w") as held:
        for file in sorted(model.rglob("*")):
            held.write(file, file.relative_to(model.parent))
    return tmp_path / "vosk-model-x.zip"


def spoil(model: Path) -> None:
    (model / "am/final.mdl").write_bytes(os.urandom(100_000))


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


def test_an_archive_becomes_a_model_that_takes_the_telephone(model: Path, archive: Path, tmp_path: Path) -> None:
    told: list[str] = []
    installed = install(str(archive), tmp_path / "models", progress=told.append)
    assert installed.directory == tmp_path / "models" / "vosk-model-x"
    before = (model / "conf" / "mfcc.conf").read_text()
    assert (installed.directory / "conf" / "mfcc.conf").read_text() == before + "--allow-upsample=true\n"
    assert any("8 кГц" in line for line in told)
    assert [left.name for left in (tmp_path / "models").iterdir()] == ["vosk-model-x"]


def test_a_model_comes_from_a_server_and_replaces_an_older_one(archive: Path, server: str, tmp_path: Path) -> None:
    for _ in range(2):
        model = install(f"{server}/{archive.name}", tmp_path / "models", progress=quiet)
    assert model.words == 2
    assert (model.directory / "graph" / "HCLG.fst").is_file()


def test_a_tar_is_taken_too_and_what_is_neither_is_told_what_is(model: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "vosk-model-y.tar.gz", "w:gz") as held:
        held.add(model, ".")
    installed = install(str(tmp_path / "vosk-model-y.tar.gz"), tmp_path / "models", progress=quiet)
    assert installed.directory.name == "vosk-model-y"
    (tmp_path / "model.rar").write_bytes(b"Rar!")
    with pytest.raises(InstallFailed, match=r"model.rar: это не архив.*\.zip, \.tar\.gz.*каталог"):
        install(str(tmp_path / "model.rar"), tmp_path / "models", progress=quiet)
    (tmp_path / "half.tar.gz").write_bytes((tmp_path / "vosk-model-y.tar.gz").read_bytes()[:-500])
    with pytest.raises(InstallFailed, match=r"half\.tar\.gz: .*повреждён"):
        install(str(tmp_path / "half.tar.gz"), tmp_path / "models", progress=quiet)


def test_a_sum_that_nobody_gave_is_told_as_not_compared(archive: Path, tmp_path: Path) -> None:
    told: list[str] = []
    install(str(archive), tmp_path / "models", progress=told.append)
    right = hashlib.sha256(archive.read_bytes()).hexdigest()
    assert any(right in line and "не сверена" in line for line in told)
    told.clear()
    install(str(archive), tmp_path / "models", sha256=right, progress=told.append)
    assert any("совпала" in line for line in told)
    assert not any("не сверена" in line for line in told)


def test_a_model_that_vosk_cannot_load_is_not_installed(model: Path, tmp_path: Path) -> None:
    install(str(model), tmp_path / "models", progress=quiet)
    spoil(model)
    with pytest.raises(InstallFailed, match=f"^{model}: Vosk не может загрузить"):
        install(str(model), tmp_path / "models", progress=quiet)
    (kept,) = (tmp_path / "models").iterdir()
    assert (kept / "am/final.mdl").stat().st_size != 100_000


def test_a_model_that_cannot_be_moved_into_place_leaves_the_old_one_there(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = install(str(model), tmp_path / "models", progress=quiet).directory
    (old / "old").touch()
    rename = Path.rename

    def fail_for_the_new_one(source: Path, target: Path) -> Path:
        if target == old and not (source / "old").exists():
            raise OSError(errno.EIO, "Input/output error")
        return rename(source, target)

    monkeypatch.setattr(Path, "rename", fail_for_the_new_one)
    with pytest.raises(InstallFailed, match="Input/output error"):
        install(str(model), tmp_path / "models", progress=quiet)
    (kept,) = (tmp_path / "models").iterdir()
    assert kept == old
    assert (old / "old").exists()
    assert (old / "am/final.mdl").exists()


def test_a_failure_leaves_nothing_behind(model: Path, tmp_path: Path) -> None:
    spoil(model)
    with pytest.raises(InstallFailed):
        install(str(model), tmp_path / "fresh" / "home" / "models", progress=quiet)
    assert not (tmp_path / "fresh").exists()


def test_a_directory_is_looked_at_before_it_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.copytree", lambda *_: pytest.fail("copied"))
    (tmp_path / "home" / "letters").mkdir(parents=True)
    with pytest.raises(InstallFailed, match=f"^{tmp_path}/home: нет am/final.mdl.*внутри: letters"):
        install(str(tmp_path / "home"), tmp_path / "models", progress=quiet)
    assert not (tmp_path / "models").exists()


def test_the_sum_must_be_the_publishers(archive: Path, tmp_path: Path) -> None:
    right = hashlib.sha256(archive.read_bytes()).hexdigest()
    install(str(archive), tmp_path / "models", sha256=right.upper(), progress=quiet)
    with pytest.raises(InstallFailed, match=f"{right}, а ожидалась {'0' * 64}"):
        install(str(archive), tmp_path / "others", sha256="0" * 64, progress=quiet)


def test_an_unpacked_model_is_copied(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (model / "conf" / "mfcc.conf").read_text()
    monkeypatch.chdir(model)
    assert install(".", tmp_path / "models", progress=quiet).directory.name == "vosk-model-x"
    assert (model / "conf" / "mfcc.conf").read_text() == before


@pytest.mark.parametrize("name", ["../../evil", "/etc/evil", "x/../../evil", "..\\evil"])
def test_no_file_lands_outside(name: str, tmp_path: Path) -> None:
    archive = pack(tmp_path / "evil.zip", {name: "evil"})
    with pytest.raises(InstallFailed, match="опасное имя"):
        install(str(archive), tmp_path / "models", progress=quiet)
    assert not [file for file in tmp_path.rglob("*evil") if file.suffix != ".zip"]


def test_a_link_in_an_archive_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("model/conf")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as held:
        held.writestr(link, "/etc")
    link = tarfile.TarInfo("model/conf")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc"
    with tarfile.open(tmp_path / "link.tar", "w") as held:
        held.addfile(link, io.BytesIO())
    for name in ("link.zip", "link.tar"):
        with pytest.raises(InstallFailed, match="опасное имя"):
            install(str(tmp_path / name), tmp_path / "models", progress=quiet)


def test_what_is_no_model_is_not_installed(tmp_path: Path) -> None:
    archive = pack(tmp_path / "cats.zip", {"cats/cat.txt": "cat"})
    with pytest.raises(InstallFailed, match=f"^{archive}: нет am/final.mdl.*не модель Vosk; внутри: cat.txt$"):
        install(str(archive), tmp_path / "models", progress=quiet)
    (tmp_path / "text.zip").write_text("cats")
    with pytest.raises(InstallFailed, match="не архив"):
        install(str(tmp_path / "text.zip"), tmp_path / "models", progress=quiet)
    with pytest.raises(InstallFailed, match="small"):
        install("no-such-model", tmp_path / "models", progress=quiet)
    assert not (tmp_path / "models").exists()


def test_without_a_network_it_says_what_else_can_be_done(server: str, tmp_path: Path) -> None:
    with pytest.raises(InstallFailed, match="укажите файл"):
        install("http://127.0.0.1:1/model.zip", tmp_path / "models", progress=quiet)
    with pytest.raises(InstallFailed, match="404"):
        install(f"{server}/nothing.zip", tmp_path / "models", progress=quiet)


def test_published_models_say_what_is_not_verified() -> None:
    assert {one.short_name for one in read_official()} == {"small", "big"}
    assert all(one.verification_mark == "[K]" and one.address.endswith(".zip") for one in read_official())


@pytest.mark.parametrize(
    "before",
    [
        "",
        "production = false\n",
        '[ear]\nmodel = "own"\n\n[recordings]\nretention_days = 365\n',
        "[ear]\n# nothing yet\n[recordings]\nretention_days = 365\n",
        "[ ear ]  # слух\n\n  model = 'own'  # наша\n",
    ],
)
def test_one_setting_switches_over(before: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "callcenter.toml"
    file.write_text(before, encoding="utf-8")
    monkeypatch.setenv("CALLCENTER_SETTINGS_FILE", str(file))
    monkeypatch.delenv("CALLCENTER_EAR__MODEL", raising=False)
    for model in ("/srv/one", '/srv/mo"del \\x', "/srv/two", "/srv/two"):
        switch_over(file, model)
        assert Settings().speech_model == Path(model)
    assert Settings().recordings.retention_days == 365
    remarks = [line for line in file.read_text().splitlines() if "было" in line]
    assert len(remarks) == 1
    assert remarks[0].count("было") == 1
    assert tomllib.loads(remarks[0].partition("# было: ")[2]) == {"model": '/srv/mo"del \\x'}
    switch_over(file, OWN_MODEL)
    assert Settings().own_model


@pytest.mark.parametrize("before", ['ear.model = "own"\n', "no toml", 'ear = {model = "own"}\n'])
def test_settings_that_would_break_are_left_alone(before: str, tmp_path: Path) -> None:
    file = tmp_path / "callcenter.toml"
    file.write_text(before)
    with pytest.raises(ModelSwitchFailed, match="впишите сами"):
        switch_over(file, "/srv/one")
    assert file.read_text() == before


def test_a_broken_model_changes_nothing_and_own_leads_back(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file, home = tmp_path / "callcenter.toml", tmp_path / "home"
    monkeypatch.setenv("CALLCENTER_SETTINGS_FILE", str(file))
    monkeypatch.setenv("CALLCENTER_HOME", str(home))
    monkeypatch.delenv("CALLCENTER_EAR__MODEL", raising=False)
    odd = model.rename(model.with_name('mo"del x'))
    assert main(["ear", "install", str(odd)]) == 0
    assert read_settings().speech_model == home / "models" / 'mo"del x'
    settled = file.read_text()
    spoil(odd)
    assert main(["ear", "install", str(odd)]) == 1
    assert "Vosk не может загрузить" in capsys.readouterr().err
    assert file.read_text() == settled
    assert main(["ear", "install", "own"]) == 0
    assert read_settings().own_model
    monkeypatch.setenv("CALLCENTER_EAR__MODEL", "off")
    assert main(["ear", "install", "own"]) == 0
    assert "CALLCENTER_EAR__MODEL" in capsys.readouterr().out
