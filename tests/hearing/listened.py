"""A listener given sound, frame by frame, without time passing."""

from callcenter.hearing.client.endpointing import Listener, ListenerEvent
from tests.hearing.sound import Sound, cut
from tests.stand_ins.tones import silence


def listen(listener: Listener, sound: Sound) -> list[ListenerEvent]:
    return [event for frame in cut(sound) for event in listener.accept_frame(frame)]


def hush(listener: Listener, seconds: float) -> list[ListenerEvent]:
    return listen(listener, silence(seconds))
