"""Collects the commands that answer one event, numbers their turns and keeps what is awaited after them."""

from collections.abc import Mapping

from callcenter.dialogue.engine.commands import Command, Do, Expect, Hush, Listen, Remark, Say
from callcenter.dialogue.engine.pending import PendingAction, PendingAnswer, PendingPrompt


class CommandQueue:
    """Commands of one conversation. Every `Say`, `Listen`, `Do` and `Expect` gets a new turn."""

    def __init__(self) -> None:
        self.commands: list[Command] = []
        self.awaited: PendingPrompt | PendingAnswer | PendingAction | None = None
        self._turn = 0

    @property
    def next_turn(self) -> int:
        """The turn of the next command."""
        return self._turn + 1

    def clear_commands(self) -> None:
        """Begins a new list, for the next event."""
        self.commands = []

    def add(self, command: Command) -> None:
        self.commands.append(command)

    def play_prompts(self, texts: tuple[str, ...], *, interruptible: bool) -> bool:
        """Plays the first of `texts`; the others follow when it ends. False if `texts` is empty."""
        self.awaited = None
        if not texts:
            return False
        self._turn += 1
        self.awaited = PendingPrompt(self._turn, interruptible, texts[1:])
        self.commands.append(Say(self._turn, texts[0], interruptible))
        return True

    def stop_prompt(self) -> None:
        """Stops the current prompt, if any."""
        if isinstance(self.awaited, PendingPrompt):
            self.commands.append(Hush(self.awaited.turn))
            self.awaited = None

    def collect_input(self, seconds: float) -> None:
        self._turn += 1
        self.awaited = PendingAnswer(self._turn)
        self.commands.append(Listen(self._turn, seconds))

    def run_action(self, action: str, arguments: Mapping[str, str]) -> None:
        self._turn += 1
        self.awaited = PendingAction(self._turn)
        self.commands.append(Do(self._turn, action, arguments))

    def expect_speech(self, expected: Expect | None) -> None:
        if expected is not None:
            self._turn = expected.turn
            self.commands.append(expected)

    def write_timeline_note(self, kind: str, **facts: str) -> None:
        self.commands.append(Remark(kind, facts))
