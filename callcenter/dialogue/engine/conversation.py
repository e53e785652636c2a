"""The dialogue engine: one call's conversation as a table of (what is awaited, event) -> commands.

The engine has no clock, no network and no database. `conducting.line` passes events in and carries commands out. Rules:

* Every `Say`, `Listen` and `Do` has a turn, and at most one turn is awaited. An event of another turn is late and is
  dropped. So the line need not cancel anything in time: a prompt that ends just as a key arrives does no harm.
* DTMF digits belong to no turn. In an interruptible question a digit acts at once; it stops any other interruptible
  prompt. That digit, and digits during an uninterruptible prompt or an action, are kept and applied to the next
  question (typeahead). A kept digit without a meaning there is dropped and is no miss: the caller could not know the
  question. Digit 0 (a person) acts at once in every prompt except the recording notice, and skips the prompts that
  would follow.
* Recognized speech is less certain than a digit. An utterance answers only the question it was said to (`Expect`), and
  only if that question accepts speech. A danger is the exception: once a call, it acts on the first partial result that
  reports it, in any step; it waits only for an action and for the recording notice to end. Without recognition, or once
  recognition is lost, questions are asked by keys. Address words in the utterance that reports the danger are kept, so
  the caller is not asked for them again.
* An error of the script at run time (an outcome, a fact or a step that is missing) sends the caller to a person. It
  raises no exception, and no incomplete sentence is spoken.
"""

from collections.abc import Mapping

from callcenter.core.event_kinds import EventKind
from callcenter.dialogue.engine.commands import Command
from callcenter.dialogue.engine.events import (
    ActionDone,
    Began,
    EarLost,
    EarOpened,
    Event,
    Heard,
    HungUp,
    KeyPressed,
    Said,
    SayingEnded,
    Silence,
    Speech,
    SpeechBegan,
)
from callcenter.dialogue.engine.pending import SPEECH_SECONDS, PendingAction, PendingAnswer, PendingPrompt
from callcenter.dialogue.engine.question import Meaningless, judge_key, judge_number, judge_words
from callcenter.dialogue.engine.step_runner import StepRunner
from callcenter.dialogue.scripts.script import END_KEY, KEYS, PERSON_KEY, Act, Ask, Digits, Goodbye, Tell
from callcenter.dialogue.scripts.vocabulary import FAILED, SILENCES


class Conversation(StepRunner):
    """The conversation of one call: decides what each event means. Constructor parameters: see `StepRunner`."""

    @property
    def facts(self) -> Mapping[str, str]:
        return dict(self._facts)

    @property
    def ended(self) -> bool:
        """True after `ToQueue`, `Hangup` or `HungUp`: every later event is ignored."""
        return self._ended

    @property
    def step(self) -> str | None:
        """The name of the current step; None before the first."""
        return self._step.name if self._step else None

    def handle_event(self, event: Event) -> list[Command]:
        """The commands that answer `event`, in order; empty for a late or unexpected event. Never raises."""
        self._commands.clear_commands()
        if self._ended:
            return []
        match event, self._commands.awaited:
            case HungUp(), _:
                self._end_conversation()
            case Began(), None if self._step is None:
                self._next_target = self._script.start
            case KeyPressed(key), _ if len(key) == 1 and key in KEYS:
                self._handle_key(key)
            case SayingEnded(turn), PendingPrompt() as saying if saying.turn == turn:
                self._play_texts(saying.remaining_texts, interruptible=saying.interruptible)
            case (EarOpened() | EarLost() | SpeechBegan() | Heard() | Said()) as speech, _:
                self._handle_speech(speech)
            case Silence(turn), PendingAnswer() as listening if listening.turn == turn:
                self._handle_input_timeout()
            case ActionDone(turn, outcome, facts), PendingAction() as doing if doing.turn == turn:
                self._handle_outcome(outcome, facts)
        self._run_steps()
        return self._commands.commands

    # Events

    def _handle_key(self, key: str) -> None:
        self._last_words = ""
        match self._step, self._commands.awaited:
            case (Tell(is_recording_notice=False) | Ask(uninterrupted=True) | Goodbye()) as step, PendingPrompt() if (
                key == PERSON_KEY
            ):
                self._commands.stop_prompt()
                self._wants_person = True
                self._go_to_person(step)
            case Ask() as ask, PendingAnswer() | PendingPrompt(interruptible=True):
                meaning = judge_key(ask, key, digits=self._digits)
                if meaning != Meaningless():
                    self._commands.stop_prompt()
                    self._apply_result(ask, meaning)
            case Tell(is_recording_notice=True), PendingPrompt() if key == PERSON_KEY and not self._typeahead_keys:
                self._wants_person = True
            case Tell(), PendingPrompt(interruptible=True) if key == END_KEY:
                pass  # The number was complete before its `#`: the prompt that follows must not be cut.
            case Tell() as tell, PendingPrompt(interruptible=True):
                self._commands.stop_prompt()
                self._typeahead_keys.append(key)
                self._finish_step(tell)
            case _:
                self._typeahead_keys.append(key)

    def _handle_speech(self, speech: Speech) -> None:
        """Applies a speech event. Speech answers a question only while no prompt plays, so that the echo of a prompt is
        no answer: a caller who speaks stops the prompt first."""
        if isinstance(speech, Heard | Said):
            whole = isinstance(speech, Said)
            found = self._speech.find_danger(speech.text, self._facts, whole=whole)
            if found:
                self._commands.write_timeline_note(EventKind.DANGER_HEARD, words=found)
            self._remember(self._speech.find_danger_address(speech.text, self._facts, whole=whole))
            if found:
                return
        match speech, self._step, self._commands.awaited:
            case ((EarOpened() | EarLost()), _, _):
                self._set_recognition(opened=isinstance(speech, EarOpened))
            case SpeechBegan(turn), Ask(), (PendingAnswer() | PendingPrompt(interruptible=True)) if (
                self._speech.is_expected_turn(turn)
            ):
                self._commands.stop_prompt()
                self._commands.collect_input(SPEECH_SECONDS)
            case Heard(), Ask(), PendingAnswer() if self._speech.is_expecting_speech:
                self._commands.collect_input(SPEECH_SECONDS)
            case Said(turn, text), Ask() as ask, PendingAnswer() if self._speech.is_expected_turn(turn):
                self._last_words = text
                sense = self._speech.interpret(text, self._facts)
                meaning = judge_words(ask, text, sense, danger=self._speech.danger_found)
                if meaning != Meaningless():
                    self._apply_result(ask, meaning)

    def _set_recognition(self, *, opened: bool) -> None:
        ask_again = self._speech.set_recognition(is_recognizing=opened)
        if isinstance(self._step, Ask) and isinstance(self._commands.awaited, PendingAnswer | PendingPrompt):
            if self._step.is_speech_only and not opened:
                self._commands.stop_prompt()
                self._give_up(self._step.give_up, FAILED)
                return
            if ask_again:
                self._commands.stop_prompt()
            (self._ask_question if ask_again else self._expect_speech)(self._step)

    def _handle_input_timeout(self) -> None:
        match self._step:
            case Ask(reply=Digits() as reply) as ask if self._digits:
                self._apply_result(ask, judge_number(reply, self._digits))
            case Ask() as ask:
                self._commands.write_timeline_note(EventKind.MISS, step=ask.name, why="silence")
                self._reprompt(
                    ask, self._retries.count_no_input(ask), SILENCES, otherwise=ask.no_input_target or ask.give_up
                )

    def _handle_outcome(self, outcome: str, facts: Mapping[str, str]) -> None:
        if isinstance(self._step, Act):
            self._remember(facts)
            self._commands.awaited = None
            target = self._step.outcomes.get(outcome)
            if target is None:
                self._commands.write_timeline_note(EventKind.BROKEN, step=self._step.name, why=f"исход «{outcome}»")
                self._give_up(self._step.give_up, FAILED)
            else:
                self._next_target = target
