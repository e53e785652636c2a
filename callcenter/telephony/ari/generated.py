"""ARI's events and objects, as far as the centre uses them. Written by `generate.py`: do not edit.

Asterisk's REST API version 2.0.0. Times are ISO 8601 strings as Asterisk sends them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Application:
    """Details of a Stasis application"""

    name: str
    channel_ids: Sequence[str]
    bridge_ids: Sequence[str]
    endpoint_ids: Sequence[str]
    device_names: Sequence[str]
    events_allowed: Sequence[Mapping[str, Any]]
    events_disallowed: Sequence[Mapping[str, Any]]

    @classmethod
    def read(cls, message: Mapping[str, Any]) -> "Application":
        return cls(
            name=message["name"],
            channel_ids=tuple(message["channel_ids"]),
            bridge_ids=tuple(message["bridge_ids"]),
            endpoint_ids=tuple(message["endpoint_ids"]),
            device_names=tuple(message["device_names"]),
            events_allowed=tuple(message["events_allowed"]),
            events_disallowed=tuple(message["events_disallowed"]),
        )


@dataclass(frozen=True, slots=True)
class CallerID:
    """Caller identification"""

    name: str
    number: str

    @classmethod
    def read(cls, message: Mapping[str, Any]) -> "CallerID":
        return cls(
            name=message["name"],
            number=message["number"],
        )


@dataclass(frozen=True, slots=True)
class DialplanCEP:
    """Dialplan location (context/extension/priority)"""

    context: str
    exten: str
    priority: int
    app_name: str
    app_data: str

    @classmethod
    def read(cls, message: Mapping[str, Any]) -> "DialplanCEP":
        return cls(
            context=message["context"],
            exten=message["exten"],
            priority=message["priority"],
            app_name=message["app_name"],
            app_data=message["app_data"],
        )


@dataclass(frozen=True, slots=True)
class Channel:
    """A specific communication connection between Asterisk and an Endpoint."""

    id: str
    protocol_id: str
    name: str
    state: str
    caller: CallerID
    connected: CallerID
    accountcode: str
    dialplan: DialplanCEP
    creationtime: str
    language: str
    channelvars: Mapping[str, Any] | None
    caller_rdnis: str | None
    tenantid: str | None

    @classmethod
    def read(cls, message: Mapping[str, Any]) -> "Channel":
        return cls(
            id=message["id"],
            protocol_id=message["protocol_id"],
            name=message["name"],
            state=message["state"],
            caller=CallerID.read(message["caller"]),
            connected=CallerID.read(message["connected"]),
            accountcode=message["accountcode"],
            dialplan=DialplanCEP.read(message["dialplan"]),
            creationtime=message["creationtime"],
            language=message["language"],
            channelvars=message.get("channelvars"),
            caller_rdnis=message.get("caller_rdnis"),
            tenantid=message.get("tenantid"),
        )


@dataclass(frozen=True, slots=True)
class Playback:
    """Object representing the playback of media to a channel"""

    id: str
    media_uri: str
    target_uri: str
    state: str
    next_media_uri: str | None
    language: str | None

    @classmethod
    def read(cls, message: Mapping[str, Any]) -> "Playback":
        return cls(
            id=message["id"],
            media_uri=message["media_uri"],
            target_uri=message["target_uri"],
            state=message["state"],
            next_media_uri=message.get("next_media_uri"),
            language=message.get("language"),
        )


@dataclass(frozen=True, slots=True)
class ApplicationReplaced:
    """Notification that another WebSocket has taken over for an application."""

    application: str
    timestamp: str

    @classmethod
    def read(cls, message: Mapping[str, Any]) -> "ApplicationReplaced":
        return cls(
            application=message["application"],
            timestamp=message["timestamp"],
        )


@dataclass(frozen=True, slots=True)
class ChannelDtmfReceived:
    """DTMF received on a channel."""

    application: str
    timestamp: str
    digit: str
    duration_ms: int
    channel: Channel

    @classmethod
    def read(cls, message: Mapping[str, Any]) -> "ChannelDtmfReceived":
        return cls(
            application=message["application"],
            timestamp=message["timestamp"],
            digit=message["digit"],
            duration_ms=message["duration_ms"],
            channel=Channel.read(message["channel"]),
        )


@dataclass(frozen=True, slots=True)
class ChannelHangupRequest:
    """A hangup was requested on the channel."""

    application: str
    timestamp: str
    channel: Channel
    cause: int | None
    tech_cause: int | None
    soft: bool | None

    @classmethod
    def read(cls, message: Mapping[str, Any]) -> "ChannelHangupRequest":
        return cls(
            application=message["application"],
            timestamp=message["timestamp"],
            channel=Channel.read(message["channel"]),
            cause=message.get("cause"),
            tech_cause=message.get("tech_cause"),
            soft=message.get("soft"),
        )


@dataclass(frozen=True, slots=True)
class PlaybackFinished:
    """Event showing the completion of a media playback operation."""

    application: str
    timestamp: str
    playback: Playback

    @classmethod
    def read(cls, message: Mapping[str, Any]) -> "PlaybackFinished":
        return cls(
            application=message["application"],
            timestamp=message["timestamp"],
            playback=Playback.read(message["playback"]),
        )


@dataclass(frozen=True, slots=True)
class StasisEnd:
    """Notification that a channel has left a Stasis application."""

    application: str
    timestamp: str
    channel: Channel

    @classmethod
    def read(cls, message: Mapping[str, Any]) -> "StasisEnd":
        return cls(
            application=message["application"],
            timestamp=message["timestamp"],
            channel=Channel.read(message["channel"]),
        )


@dataclass(frozen=True, slots=True)
class StasisStart:
    """Notification that a channel has entered a Stasis application."""

    application: str
    timestamp: str
    args: Sequence[str]
    channel: Channel
    replace_channel: Channel | None

    @classmethod
    def read(cls, message: Mapping[str, Any]) -> "StasisStart":
        return cls(
            application=message["application"],
            timestamp=message["timestamp"],
            args=tuple(message["args"]),
            channel=Channel.read(message["channel"]),
            replace_channel=Channel.read(message["replace_channel"]) if "replace_channel" in message else None,
        )


Event = ApplicationReplaced | ChannelDtmfReceived | ChannelHangupRequest | PlaybackFinished | StasisEnd | StasisStart

EVENT_NAMES = (
    "ApplicationReplaced",
    "ChannelDtmfReceived",
    "ChannelHangupRequest",
    "PlaybackFinished",
    "StasisEnd",
    "StasisStart",
)
"""What an event filter must let through."""


def parse_event(message: Mapping[str, Any]) -> Event | None:
    """The event in a message of the websocket; None for one we do not know. Fields we do not know are passed over.

    Raises KeyError, TypeError or AttributeError when a known event lacks what Asterisk promises.
    """
    read = _READERS.get(message.get("type", ""))
    return None if read is None else read(message)


_READERS: Mapping[str, Callable[[Mapping[str, Any]], Event]] = {
    "ApplicationReplaced": ApplicationReplaced.read,
    "ChannelDtmfReceived": ChannelDtmfReceived.read,
    "ChannelHangupRequest": ChannelHangupRequest.read,
    "PlaybackFinished": PlaybackFinished.read,
    "StasisEnd": StasisEnd.read,
    "StasisStart": StasisStart.read,
}
