"""A listener given sound, frame by frame, without time passing."""

from callcenter.hearing.client.endpointing import Endpointer, EndpointerEvent
from tests.hearing.sound import Sound, cut
from tests.stand_ins.tones import silence


def listen(listener: Endpointer, sound: Sound) -> list[EndpointerEvent]:
    return [event for frame in cut(sound) for event in listener.accept_frame(frame)]


def hush(listener: Endpointer, seconds: float) -> list[EndpointerEvent]:
    return listen(listener, silence(seconds))
