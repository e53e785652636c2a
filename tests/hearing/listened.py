"""A listener given sound, frame by frame, without time passing."""

from callcenter.hearing.client.endpointing import Endpointer, ListenerEvent
from tests.hearing.sound import Sound, cut
from tests.stand_ins.tones import silence


def listen(listener: Endpointer, sound: Sound) -> list[ListenerEvent]:
    return [event for frame in cut(sound) for event in listener.accept_frame(frame)]


def hush(listener: Endpointer, seconds: float) -> list[ListenerEvent]:
    return listen(listener, silence(seconds))
