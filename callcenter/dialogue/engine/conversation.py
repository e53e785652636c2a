"""The engine: one call's talk as a table of (what is awaited, what happened) -> commands.

It knows no clock, no network and no database. Four ideas carry it:

* Every `Say`, `Listen` and `Do` has a turn, and at most one turn is awaited. An event of another turn is late and
  dropped, so the edge need not cancel anything in time: a prompt that ends while a key is on its way does no harm.
* Keys belong to no turn. What they mean depends on what is awaited: in an interruptible question they act at once; in
  words that must be heard out, and while an action runs, they are kept and applied to the next question. A kept key
  that means nothing there is forgotten and no miss: the caller could not have known the question. Only 0, a person,
  acts at once in all words but those about the recording: what was still to be told is passed over.
* Words are the ear's guess, so they count less than keys: they answer only the question they were said to (`Expect`),
  and only one that names words. Danger is the exception: its words act from the first guess that holds them, whatever
  is being said or asked, once a call. They wait only for an action and for the words about the recording. Without an
  ear, and once it is lost, the question is asked by keys. What else the breath with a danger tells of its place is
  kept: nobody is asked for an address they have just said.
* Whatever a script lacks at run time (an unknown outcome, a fact that is not there, a step that is not there) leads to
  a person, never to an exception and never to half a sentence.
"""

from collections.abc import Mapping

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
    """One caller's way through a script. See `StepRunner` for what it is made of."""

    @property
    def facts(self) -> Mapping[str, str]:
        return dict(self._facts)

    @property
    def ended(self) -> bool:
        """True after `ToQueue`, `Hangup` or `HungUp`: nothing is awaited any more."""
        return self._ended

    @property
    def step(self) -> str | None:
        """The name of the step the caller is in; None before the first."""
        return self._step.name if self._step else None

    def handle_event(self, event: Event) -> list[Command]:
        """The commands that answer `event`, in order. Never raises; a late or needless event gives an empty list."""
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

    # What happens

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
                pass  # a number was complete before its hash: the words it asked for must not be cut
            case Tell() as tell, PendingPrompt(interruptible=True):
                self._commands.stop_prompt()
                self._typeahead_keys.append(key)
                self._finish_step(tell)
            case _:
                self._typeahead_keys.append(key)

    def _handle_speech(self, speech: Speech) -> None:
        """Words answer only in the quiet: whoever speaks stops the prompt first, and the echo of one is no answer."""
        if isinstance(speech, Heard | Said):
            whole = isinstance(speech, Said)
            found = self._speech.find_danger(speech.text, self._facts, whole=whole)
            if found:
                self._commands.write_timeline_note("danger heard", words=found)
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
                self._commands.write_timeline_note("miss", step=ask.name, why="silence")
                self._reprompt(
                    ask, self._retries.count_no_input(ask), SILENCES, otherwise=ask.no_input_target or ask.give_up
                )

    def _handle_outcome(self, outcome: str, facts: Mapping[str, str]) -> None:
        if isinstance(self._step, Act):
            self._remember(facts)
            self._commands.awaited = None
            target = self._step.outcomes.get(outcome)
            if target is None:
                self._commands.write_timeline_note("broken", step=self._step.name, why=f"исход «{outcome}»")
                self._give_up(self._step.give_up, FAILED)
            else:
                self._next_target = target
