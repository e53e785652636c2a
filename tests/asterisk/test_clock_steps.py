"""A clock set by an hour: Asterisk counts silence and registrations by the clock of the day (`bench.clock_step`)."""

from pathlib import Path

import pytest

from callcenter.asterisk.lint.configuration_parser import Configuration, read_configuration
from callcenter.intake.log_events import DOORS
from tests.asterisk.rendering import render, variants

HOUR = 3600


@pytest.fixture(params=["production", "behind NAT", "the most of everything"])
def shipped(request: pytest.FixtureRequest, tmp_path: Path) -> Configuration:
    configuration, _ = read_configuration(render(variants(tmp_path)[request.param]))
    return configuration


def test_an_hour_forward_is_no_silence_that_ends_a_call(shipped: Configuration) -> None:
    for endpoint in shipped.typed("endpoint"):
        for option in ("rtp_timeout", "rtp_timeout_hold"):
            assert int(endpoint.value(option)) > HOUR + 600, (endpoint.name, option)


def test_a_dispatchers_phone_that_vanished_is_found_by_questions_instead(shipped: Configuration) -> None:
    phones = [one for one in shipped.typed("endpoint") if one.value("context") not in DOORS]
    assert phones
    assert {(one.value("timers"), one.value("timers_sess_expires")) for one in phones} == {("always", "90")}


def test_a_phone_registers_again_within_a_minute(shipped: Configuration) -> None:
    registered = [aor for aor in shipped.typed("aor") if not aor.value("contact")]
    assert registered
    assert {aor.value("maximum_expiration") for aor in registered} == {"60"}
