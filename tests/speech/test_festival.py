"""The festival child may die, hang or be missing; a caller's text survives all three."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callcenter.speech.voice import VoiceFailed, VoiceMissing
from callcenter.speech.voices.festival import FestivalVoice
from callcenter.speech.voices.plain import split_into_pieces


@pytest.fixture
async def voice() -> AsyncIterator[FestivalVoice]:
    voice = FestivalVoice(render_seconds=1.5)
    yield voice
    await voice.close()


def festival_children() -> list[int]:
    """Our own living festival processes."""
    found = []
    for task in Path("/proc/self/task").iterdir():
        for pid in (task / "children").read_text().split():
            try:
                if (Path("/proc") / pid / "comm").read_text().strip() == "festival":
                    found.append(int(pid))
            except FileNotFoundError:
                continue
    return found


async def test_one_child_serves_all_texts(voice: FestivalVoice, tmp_path: Path) -> None:
    await voice.render("раз", tmp_path / "1.wav")
    children = festival_children()
    assert len(children) == 1
    await voice.render("два", tmp_path / "2.wav")
    assert festival_children() == children


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "hung"])
async def test_a_lost_child_is_replaced_and_the_text_still_spoken(
    voice: FestivalVoice, tmp_path: Path, sign: signal.Signals
) -> None:
    await voice.render("привет", tmp_path / "before.wav")
    (child,) = festival_children()
    os.kill(child, sign)
    await voice.render("привет", tmp_path / "after.wav")
    assert (tmp_path / "after.wav").read_bytes() == (tmp_path / "before.wav").read_bytes()
    assert child not in festival_children()
    assert len(festival_children()) == 1


async def test_a_cancelled_text_never_answers_for_the_next(voice: FestivalVoice, tmp_path: Path) -> None:
    await voice.render("привет", tmp_path / "expected.wav")
    long = asyncio.create_task(voice.render("очень длинная фраза " * 100, tmp_path / "long.wav"))
    await asyncio.sleep(0.05)
    long.cancel()
    with pytest.raises(asyncio.CancelledError):
        await long
    await voice.render("привет", tmp_path / "next.wav")
    assert (tmp_path / "next.wav").read_bytes() == (tmp_path / "expected.wav").read_bytes()
    assert not (tmp_path / "long.wav").exists()


async def test_closing_leaves_no_child_behind(voice: FestivalVoice, tmp_path: Path) -> None:
    await voice.render("привет", tmp_path / "1.wav")
    await voice.close()
    assert festival_children() == []


async def test_a_machine_without_festival_is_told_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(VoiceMissing, match="apt-get install festival"):
        await FestivalVoice(program="no-such-festival").render("привет", tmp_path / "1.wav")


async def test_a_machine_without_the_speaker_is_told_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(VoiceMissing, match="apt-get install festvox-ru"):
        await FestivalVoice(speakers=tmp_path).render("привет", tmp_path / "1.wav")


async def test_a_program_that_is_no_festival_fails_with_its_own_words(tmp_path: Path) -> None:
    impostor = tmp_path / "festival"
    impostor.write_text("#!/bin/sh\necho 'libestools is missing' >&2\nexit 1\n")
    impostor.chmod(0o755)
    with pytest.raises(VoiceFailed, match="libestools is missing"):
        await FestivalVoice(program=str(impostor)).render("привет", tmp_path / "1.wav")


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Привет! Как дела?", ["привет!", "как дела?"]),
        ("кое-кто — это: я; (он)", ["кое-кто, это, я, он"]),
        ("- да -", ["да"]),
        ("Раз, два, ", ["раз, два"]),
        ("Зам+ок, +Ельник: 5+5 +к кое-+что", ["зам+ок, +ельник, к кое что"]),
    ],
)
def test_only_letters_stress_and_pauses_reach_a_voice(text: str, pieces: list[str]) -> None:
    assert split_into_pieces(text) == pieces


async def test_the_stress_mark_moves_the_stress(voice: FestivalVoice, tmp_path: Path) -> None:
    for name, text in (("lock", "зам+ок"), ("castle", "з+амок")):
        await voice.render(text, tmp_path / f"{name}.wav")
    assert (tmp_path / "lock.wav").read_bytes() != (tmp_path / "castle.wav").read_bytes()


def test_a_very_long_sentence_is_cut_at_a_pause() -> None:
    pieces = split_into_pieces("слово, " * 200)
    assert all(len(piece) <= 300 for piece in pieces)
    assert " ".join(pieces).count("слово") == 200
    assert all(piece.startswith("слово") and piece.endswith("слово") for piece in pieces)
