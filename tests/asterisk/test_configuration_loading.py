"""Real Asterisk takes the rendered configuration without a complaint, and reads it as the lint does."""

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from callcenter.asterisk.asterisk import Asterisk
from callcenter.asterisk.lint.configuration_parser import Configuration, read_configuration
from callcenter.asterisk.lint.dialplan import Dialplan, read_dialplan
from callcenter.instance.instance import Instance
from tests.asterisk.rendering import PROVIDERS_PASSWORD, variants
from tests.asterisk.running_asterisk import complaints, render_words, running

pytestmark = pytest.mark.live

NOT_REGISTERED = (
    # the provider of the tests does not exist: nobody answers on its port
    r"No response received from 'sip:127\.0\.0\.1:5998' on registration attempt",
)


Loaded = tuple[Instance, Asterisk]


@pytest.fixture(scope="module")
def load() -> Iterator[Callable[[str], Loaded]]:
    """Starts Asterisk with a variant of the settings; once for all tests that want the same."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(TemporaryDirectory()))
        loaded: dict[str, Loaded] = {}

        def start(variant: str) -> Loaded:
            if variant not in loaded:
                instance, asterisk = stack.enter_context(running(variants(directory)[variant]))
                asyncio.run(render_words(instance))
                assert asterisk.ensure_running()
                loaded[variant] = instance, asterisk
            return loaded[variant]

        yield start


@pytest.mark.parametrize("variant", ["no trunk", "production", "behind NAT"])
def test_asterisk_loads_it_without_a_complaint_and_reads_it_as_the_lint_does(
    load: Callable[[str], Loaded], variant: str
) -> None:
    instance, asterisk = load(variant)
    configuration = read_rendered(instance)
    check_modules(asterisk, configuration)
    check_dialplan(asterisk, read_dialplan(configuration))
    check_phones(asterisk, configuration)
    assert complaints(instance, expected=NOT_REGISTERED) == []


def test_a_provider_s_password_reaches_asterisk_sign_by_sign(load: Callable[[str], Loaded]) -> None:
    _, asterisk = load("production")
    shown = asterisk.run_cli("pjsip show auth trunk")
    assert re.findall(r"^ *password *: (.*?) *$", shown, re.MULTILINE) == [PROVIDERS_PASSWORD]
    assert "trunk/sip:127.0.0.1:5998" in asterisk.run_cli("pjsip show registrations")


@pytest.mark.parametrize(
    ("number", "first"),
    [
        ("88125550100", "Set(CALLERID(num)=+78125550192)"),
        ("78125550100", "Set(CALLERID(num)=+78125550192)"),
        ("+78125550100", "Goto(8${EXTEN:2},1)"),
        ("88005553535", "Set(CALLERID(num)=+78125550192)"),
        ("104", "Dial(PJSIP/${EXTEN}@trunk,60,i)"),
        ("112", "Dial(PJSIP/112@trunk,60,i)"),
        ("88031234567", "Hangup(21)"),
        ("88091234567", "Hangup(21)"),
        ("8105371234567", None),
        ("+5371234567", None),
        ("5550100", None),
    ],
)
def test_the_town_and_help_can_be_dialled_from_inside_but_no_other_country(
    load: Callable[[str], Loaded], number: str, first: str | None
) -> None:
    _, asterisk = load("behind NAT")
    shown = asterisk.run_cli(f"dialplan show {number}@internal")
    steps = re.findall(r"1\. (.*?) +\[extensions", shown)
    assert steps[:1] == ([] if first is None else [first])


def read_rendered(instance: Instance) -> Configuration:
    files = {file.name: file.read_text(encoding="utf-8") for file in instance.layout.asterisk_etc.glob("*.conf")}
    configuration, problems = read_configuration(files)
    assert problems == []
    return configuration


def check_modules(asterisk: Asterisk, configuration: Configuration) -> None:
    wanted = {entry.value for entry in configuration.one("modules.conf", "modules").all("load")}
    shown = asterisk.run_cli("module show")
    running = set(re.findall(r"^(\S+\.so) .* Running ", shown, re.MULTILINE))
    assert wanted == running


def check_dialplan(asterisk: Asterisk, dialplan: Dialplan) -> None:
    """Every context with its extensions, the applications in their order, and the links."""
    for name, context in dialplan.contexts.items():
        shown = asterisk.run_cli(f"dialplan show {name}")
        steps = re.findall(r"^ +(?:'(\S+)' =>)? +(?:\[\w+\])? *\d+\. (?:\[\w+\] )?(\w+)\(", shown, re.MULTILINE)
        seen: dict[str, list[str]] = {}
        for pattern, app in steps:
            seen.setdefault(pattern or list(seen)[-1], []).append(app.lower())
        assert seen == {one.pattern: [step.app for step in one.steps] for one in context.extensions}, shown
        assert len(re.findall(r"=> '\w+|Include|Alt\. Switch", shown)) == len(context.links), shown
    shown = asterisk.run_cli("dialplan show")
    assert set(re.findall(r"Context '(\S+)' created by 'pbx_config'", shown)) == set(dialplan.contexts)


def check_phones(asterisk: Asterisk, configuration: Configuration) -> None:
    shown = asterisk.run_cli("pjsip show endpoints")
    names = set(re.findall(r"^ Endpoint: +([\w-]+)", shown, re.MULTILINE)) - {"<Endpoint"}
    assert names == {one.name for one in configuration.typed("endpoint")}
    queue = asterisk.run_cli("queue show dispatch")
    members = {entry.value.split(",")[0] for entry in configuration.one("queues.conf", "dispatch").all("member")}
    assert set(re.findall(r"PJSIP/[\w-]+", queue)) == members
