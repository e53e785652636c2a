"""The types generated from Asterisk's description."""

from pathlib import Path

import pytest

from callcenter.telephony.ari import generated
from callcenter.telephony.ari.generate import EVENTS, generate, main
from callcenter.telephony.ari.generated import EVENT_NAMES, ChannelDtmfReceived, StasisStart, parse_event
from tests.stand_ins.ari_channels import Channel

DESCRIPTIONS = ("/usr/share/asterisk/rest-api", "/var/cache/callcenter/*/usr/share/asterisk/rest-api")
CHANNEL = Channel("b1-1.1", "79001112233", "PJSIP/trunk-00000001").model
FRAME = {"application": "callcenter", "timestamp": "2026-11-24T09:00:00.000+0300", "asterisk_id": "00:11"}


def find_descriptions() -> list[Path]:
    root = Path("/")
    return [path for pattern in DESCRIPTIONS for path in sorted(root.glob(pattern.lstrip("/")))]


def test_the_committed_file_is_what_this_asterisk_describes() -> None:
    committed = Path(generated.__file__).read_text(encoding="utf-8")
    for directory in find_descriptions():
        assert generate(directory) == committed, f"run python -m callcenter.telephony.ari.generate {directory}"


def test_the_filter_lets_through_exactly_what_is_generated() -> None:
    assert EVENT_NAMES == EVENTS


def test_an_event_is_read_and_what_is_unknown_in_it_passed_over() -> None:
    event = parse_event({"type": "StasisStart", **FRAME, "args": ["inbound", "7812"], "channel": CHANNEL, "new": 1})
    assert isinstance(event, StasisStart)
    assert event.args == ("inbound", "7812")
    assert event.channel.caller.number == "79001112233"
    assert event.replace_channel is None


def test_an_unknown_event_is_none() -> None:
    assert parse_event({"type": "ChannelVarset", **FRAME}) is None
    assert parse_event({}) is None


def test_a_known_event_without_its_fields_is_an_error() -> None:
    with pytest.raises(KeyError):
        parse_event({"type": "ChannelDtmfReceived", **FRAME, "channel": CHANNEL})


def test_events_cannot_be_changed() -> None:
    event = parse_event({"type": "ChannelDtmfReceived", **FRAME, "digit": "1", "duration_ms": 90, "channel": CHANNEL})
    assert isinstance(event, ChannelDtmfReceived)
    with pytest.raises(AttributeError):
        event.digit = "2"  # type: ignore[misc]


def test_without_a_directory_the_generator_says_what_it_wants(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["/nowhere"]) == 2
    assert "rest-api" in capsys.readouterr().err
