"""When somebody begins to speak: by sound alone, without an ear and without time passing.

The voices are festival's (the robot) and the recorded sentences of the man whose voice it is (the caller).
"""

import asyncio

import numpy as np
import pytest

from callcenter.hearing.client.endpointing import Endpointer, SpeechStarted
from callcenter.hearing.server.engine import RATE
from callcenter.speech.voices.festival import FestivalVoice
from tests.hearing.endpointer_feed import listen
from tests.hearing.sound import Sound, cough, cut, noise, over_the_line, quieter, read_man, round_off
from tests.stand_ins.tones import silence
from tools.softphone.audio_analysis import read_wav

CALLER = -26.0
"""Level of a caller as ITU-T P.56 has it, dB below full scale."""


@pytest.fixture(scope="module")
def prompt(tmp_path_factory: pytest.TempPathFactory) -> Sound:
    file = tmp_path_factory.mktemp("voice") / "prompt.wav"

    async def render() -> None:
        voice = FestivalVoice()
        await voice.render("здравствуйте ситуационный центр разговор записывается что у вас случилось", file)
        await voice.close()

    asyncio.run(render())
    return read_wav(file)


def test_a_caller_is_noticed_at_once() -> None:
    late = []
    for sentence in range(12):
        man = read_man(sentence, level=CALLER)
        listener = Endpointer()
        began: float | None = None
        room = noise(0.5 + len(man) / RATE + 1, level=-62)
        for frame in cut(over_the_line(room[: 4000 + len(man)] + np.concatenate([silence(0.5), man]))):
            if any(isinstance(event, SpeechStarted) for event in listener.accept_frame(frame)):
                began = listener.now
                break
        assert began is not None, f"sentence {sentence} was not noticed"
        late.append(began - 0.5)
    late.sort()
    assert late[len(late) // 2] <= 0.2
    assert late[-2] <= 0.35
    assert late[-1] <= 0.45  # begins softly


def test_the_beginning_is_told_once_a_sentence() -> None:
    listener = Endpointer()
    man = read_man(3, level=CALLER)
    events = listen(listener, np.concatenate([silence(0.5), man, silence(1.0), man]))
    assert [type(event) for event in events] == [SpeechStarted, SpeechStarted]
    assert events[0] == SpeechStarted(pytest.approx(0.6, abs=0.1))


@pytest.mark.parametrize("level", [-60, -40, -30, -20])
def test_noise_is_nobody(level: float) -> None:
    assert listen(Endpointer(), noise(5, level=level)) == []


def test_coughs_are_nobody() -> None:
    listener = Endpointer()
    assert [listen(listener, np.concatenate([silence(0.3), cough(), silence(0.1), cough()])) for _ in range(40)] == (
        [[]] * 40
    )


def test_hum_and_clicks_are_nobody() -> None:
    turns = np.arange(3 * RATE) * (2 * np.pi / RATE)
    clicks = np.zeros(3 * RATE)
    clicks[::1600] = 29000
    assert listen(Endpointer(), round_off(300 * np.sin(50 * turns) + 300 * np.sin(100 * turns))) == []
    assert listen(Endpointer(), round_off(clicks)) == []


def test_the_prompt_s_own_echo_is_nobody_and_the_prompt_itself_is(prompt: Sound) -> None:
    assert listen(Endpointer(), over_the_line(quieter(prompt, 25))) == []
    assert listen(Endpointer(), over_the_line(prompt)) != []


def test_a_caller_is_noticed_over_the_prompt_s_echo(prompt: Sound) -> None:
    man = read_man(5, level=CALLER)
    echo = quieter(np.tile(prompt, 4), 25)
    sound = echo[: 2 * RATE + len(man)] + np.concatenate([silence(2), man])
    (began, *_) = listen(Endpointer(), over_the_line(sound))
    assert began == SpeechStarted(pytest.approx(2.1, abs=0.15))
