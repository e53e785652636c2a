"""The line against every order of events: it never raises, and it always ends with its caller."""

import asyncio
from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.conducting.caller import Arrival
from callcenter.conducting.line import Line, LinePorts
from callcenter.conducting.mailbox import Dismissed, Key, Left, Letter, ListenEnded, Reconnected, SoundEnded
from callcenter.conducting.ports import ActionResult, ChannelGone
from callcenter.core.clock import SystemClock
from callcenter.core.errors import AsteriskUnavailable
from callcenter.dialogue.engine.conversation import Conversation
from tests.stand_ins.centre import read_small_script
from tests.stand_ins.clock import MORNING
from tests.stand_ins.notes import KeptNotes
from tests.stand_ins.prompts import ReadablePrompts

SCRIPT = read_small_script()


class FicklePhone:
    """Does what it is told, or raises the next of `faults`. Remembers the playbacks it was given."""

    def __init__(self, faults: list[type[Exception] | None]) -> None:
        self.faults = list(faults)
        self.playbacks: list[str] = []

    def _maybe_fail(self) -> None:
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            raise fault

    async def play(self, call_id: str, sound: str, *, playback_id: str) -> None:
        self.playbacks.append(playback_id)
        self._maybe_fail()

    async def stop_prompt(self, playback_id: str) -> None:
        self._maybe_fail()

    async def send_silence(self, call_id: str) -> None:
        self._maybe_fail()

    async def set_variable(self, call_id: str, name: str, value: str) -> None:
        self._maybe_fail()

    async def renew_lease(self, call_id: str) -> None:
        self._maybe_fail()

    def forget(self, call_id: str) -> None:
        pass

    async def continue_at(self, call_id: str, context: str) -> None:
        self._maybe_fail()


class FickleActions:
    def __init__(self, outcomes: list[str]) -> None:
        self.outcomes = list(outcomes)

    async def run_action(self, action: str, *, arrival: Arrival, arguments: Mapping[str, str]) -> ActionResult:
        outcome = self.outcomes.pop(0) if self.outcomes else "готово"
        if outcome == "raises":
            raise RuntimeError(action)
        return ActionResult(outcome, {"номер заявки": "один", "срок": "сегодня"} if outcome == "готово" else {})


def write_letter(draw: tuple[str, str], phone: FicklePhone) -> Letter:
    kind, key = draw
    last = phone.playbacks[-1] if phone.playbacks else "none"
    letters: dict[str, Letter] = {
        "key": Key(key),
        "ended": SoundEnded(last),
        "failed": SoundEnded(last, failed=True),
        "stale": SoundEnded("of another call"),
        "silence": ListenEnded(int(key) if key.isdigit() else 1),
        "reconnected": Reconnected(),
        "dismissed": Dismissed(),
    }
    return letters[kind]


LETTERS = st.lists(
    st.tuples(
        st.sampled_from(
            ["key", "key", "ended", "ended", "ended", "failed", "stale", "silence", "reconnected", "dismissed"]
        ),
        st.sampled_from("0123456789*#"),
    ),
    max_size=30,
)
FAULTS = st.lists(st.sampled_from([None] * 12 + [ChannelGone, AsteriskUnavailable, RuntimeError]), max_size=60)
OUTCOMES = st.lists(st.sampled_from(["готово", "нет базы", "известен", "скрыт", "не найдена", "чудо", "raises"]))


@settings(max_examples=150, deadline=None)
@given(letters=LETTERS, faults=FAULTS, outcomes=OUTCOMES)
def test_no_order_of_events_breaks_a_line_and_it_ends_with_its_caller(
    letters: list[tuple[str, str]], faults: list[type[Exception] | None], outcomes: list[str]
) -> None:
    async def call() -> None:
        phone = FicklePhone(faults)
        edges = LinePorts(
            channel_control=phone,
            prompts=ReadablePrompts(),
            notes=KeptNotes(),
            actions=FickleActions(outcomes),
            clock=SystemClock(),
            lease_seconds=6,
        )
        arrival = Arrival("b1-1.1", "78125550192", "", None, MORNING)
        line = Line(arrival, Conversation(SCRIPT, {}, {}), edges)
        task = asyncio.create_task(line.run())
        for draw in letters:
            line.mailbox.post(write_letter(draw, phone))
            for _ in range(3):
                await asyncio.sleep(0)
        line.mailbox.post(Left())
        async with asyncio.timeout(10):
            await task

    asyncio.run(call())
