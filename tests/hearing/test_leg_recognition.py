"""One caller listened to through a real ear: what is spoken in tones comes out as answers, early or in their time."""

import asyncio

import numpy as np

from callcenter.hearing.client.client import RecognitionClient
from callcenter.hearing.client.endpointing import SpeechStarted
from callcenter.hearing.client.leg_recognition import LegRecognition
from tests.hearing.kept_events import Dialogue
from tests.hearing.sound import Sound, cut
from tests.stand_ins.tones import say_in_tones, silence


async def speak(listening: LegRecognition, sound: Sound) -> None:
    """In the pace of a telephone, for the ear and the listener must go along."""
    for piece in cut(sound):
        listening.accept_audio(piece)
        await asyncio.sleep(0.015)


async def test_questions_get_their_own_answers(ear: RecognitionClient) -> None:
    dialogue = Dialogue()
    listening = LegRecognition(ear, on_event=dialogue.take, on_recognition=dialogue.note)
    listening.start_question(("вода", "свет"), required_pause=lambda text: 0.2 if text == "вода" else 0.6)
    await speak(listening, np.concatenate([silence(0.2), say_in_tones("вода"), silence(0.2)]))
    assert dialogue.said == [("вода", True)]
    await asyncio.sleep(0.3)  # nothing more is said, but the ear was told to end there
    assert dialogue.transcript == "вода"
    listening.start_question(("да", "нет"), required_pause=None)
    await speak(listening, np.concatenate([say_in_tones("да вода"), silence(0.8)]))
    listening.close()
    async with asyncio.timeout(10):
        await dialogue.closed.wait()
    assert dialogue.said == [("вода", True), ("да", False)]
    assert dialogue.transcript == "вода да [unk]"
    assert sum(isinstance(event, SpeechStarted) for event in dialogue.events) == 2


async def test_sound_may_come_in_any_pieces(ear: RecognitionClient) -> None:
    dialogue = Dialogue()
    listening = LegRecognition(ear, on_event=dialogue.take, on_recognition=dialogue.note)
    sound = np.concatenate([silence(0.2), say_in_tones("вода"), silence(0.8)]).astype("<i2").tobytes()
    for begin in range(0, len(sound), 246):
        listening.accept_audio(sound[begin : begin + 246])
    listening.close()
    async with asyncio.timeout(10):
        await dialogue.closed.wait()
    assert dialogue.said == [("вода", False)]
