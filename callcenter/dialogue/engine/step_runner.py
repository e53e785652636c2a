"""Runs the steps of a script: what a step does when it is entered, and where the meaning of an input leads.

Base class of `Conversation`, which decides what an event means; both share one state.
"""

from collections import deque
from collections.abc import Mapping
from typing import assert_never

from callcenter.core.event_kinds import EventKind
from callcenter.dialogue.engine.command_queue import CommandQueue
from callcenter.dialogue.engine.commands import Hangup, ToQueue
from callcenter.dialogue.engine.pending import PendingAction, PendingPrompt, digit_seconds
from callcenter.dialogue.engine.priorities import DANGER_PRIORITY, ORDINARY_PRIORITY
from callcenter.dialogue.engine.question import (
    Accepted,
    AsideFound,
    Meaning,
    Meaningless,
    Unfinished,
    Unmatched,
    WantsPerson,
    WantsRepeat,
    judge_kept_keys,
)
from callcenter.dialogue.engine.retry_counter import RetryCounter
from callcenter.dialogue.engine.speech_state import SpeechState
from callcenter.dialogue.interpretation.interpretation import Interpreter, NullInterpreter
from callcenter.dialogue.scripts.script import (
    Act,
    Again,
    Ask,
    Goodbye,
    PutThrough,
    Script,
    Step,
    Target,
    Tell,
    Text,
    Wait,
)
from callcenter.dialogue.scripts.vocabulary import ARTICLE, FAILED, MISSES
from callcenter.knowledge.base import SAFETY
from callcenter.understanding.intents.questions import is_question

MAX_TYPEAHEAD_KEYS = 32
"""Keys kept for the next question; older keys are dropped."""
MAX_STEPS_PER_EVENT = 64
"""Most steps entered in answer to one event. More is an endless loop in the script, and the caller goes to a person."""
AFTER_GOODBYE = "прощаясь, попросил диспетчера"


class StepRunner:
    """The state of one caller in `script`.

    `answers`: article id -> spoken text, only of articles that may be spoken now. `facts`: known at the start.
    `interpreter`: interprets utterances; None: only the script's own phrases match.
    """

    def __init__(
        self,
        script: Script,
        answers: Mapping[str, str],
        facts: Mapping[str, str],
        interpreter: Interpreter | None = None,
    ) -> None:
        self._script = script
        self._answers = answers
        self._facts = dict(facts)
        self._commands = CommandQueue()
        self._step: Step | None = None
        self._next_target: Target | None = None
        self._typeahead_keys: deque[str] = deque(maxlen=MAX_TYPEAHEAD_KEYS)
        self._digits = ""
        self._retries = RetryCounter()
        self._wants_person = False
        self._give_up_reason = ""
        """Why the last question or action gave up: «не понял», «молчит» or «сбой»; empty if none did."""
        self._speech = SpeechState(script.dangers, interpreter or NullInterpreter())
        self._last_words = ""
        """The last utterance that answered a question; empty after a key."""
        self._last_told_texts: tuple[str, ...] = ()
        """Texts of the last `Tell` before the current question, for `Again`."""
        self._ended = False

    # Steps

    def _run_steps(self) -> None:
        for _ in range(MAX_STEPS_PER_EVENT):
            self._handle_danger()
            if self._next_target is None or self._ended:
                return
            target, self._next_target, self._commands.awaited = self._next_target, None, None
            step = self._script.steps.get(target.step)
            if step is None:
                self._fail_script(f"нет шага «{target.step}»")
                return
            self._step = step
            self._commands.expect_speech(self._speech.stop_expecting_speech(turn=self._commands.next_turn))
            self._commands.write_timeline_note(EventKind.STEP, step=step.name)
            self._enter(step)
        self._fail_script("круг без вопроса")

    def _handle_danger(self) -> None:
        """Goes to the step of a pending danger, unless an action or the recording notice must end first."""
        match self._speech.pending_danger, self._step, self._commands.awaited:
            case (
                (None, _, _)
                | (_, None, _)
                | (_, _, PendingAction())
                | (_, Tell(is_recording_notice=True), PendingPrompt())
            ):
                return
            case danger, _, _:
                self._speech.pending_danger = None
                self._commands.stop_prompt()
                self._remember(dict(danger.remembered_facts))
                self._next_target, self._wants_person = danger.next, False

    def _enter(self, step: Step) -> None:
        if isinstance(step, Ask | Goodbye):
            self._give_up_reason = ""
        match step:
            case Tell():
                self._enter_tell_step(step)
            case Ask() | Goodbye() if self._wants_person:
                self._go_to_person(step)
            case Ask(is_speech_only=True) if not self._speech.is_recognizing:
                self._give_up(step.give_up, FAILED)
            case Ask():
                self._digits, self._retries = "", RetryCounter()
                if step.uninterrupted or not self._apply_typeahead(step):
                    self._ask_question(step)
            case Act(action=action):
                wanted = (*action.needs, *action.may_take)
                self._commands.run_action(
                    action.name, {name: self._facts[name] for name in wanted if name in self._facts}
                )
            case PutThrough(prompt=Text() as text):
                self._play_templates((text,), interruptible=False)
            case PutThrough():
                self._finish_step(step)
            case Goodbye():
                if step.served:
                    self._commands.write_timeline_note(EventKind.SERVED)
                self._play_templates((step.prompt,), interruptible=False)
            case _:
                assert_never(step)

    def _enter_tell_step(self, step: Tell) -> None:
        interruptible = not step.uninterrupted
        if self._wants_person and not step.is_recording_notice:
            self._next_target = step.next
        elif isinstance(step.content, Text):
            self._last_told_texts = (step.content.fill_facts(self._facts) or "",)
            self._play_templates((step.content,), interruptible=interruptible)
        elif answer := self._find_answer(step.content.article):
            self._last_told_texts = (answer,)
            self._play_texts((answer,), interruptible=interruptible)
        else:
            self._next_target = step.content.otherwise

    def _find_answer(self, article: Text) -> str | None:
        """The spoken text of an article; None if it may not be spoken, which is noted as `unanswered`
        unless it is safety words."""
        name = article.fill_facts(self._facts) or ""
        answer = self._answers.get(name)
        if answer is None and not name.startswith(SAFETY):
            self._commands.write_timeline_note(EventKind.UNANSWERED, text=self._last_words, article=name)
        return answer

    def _finish_step(self, step: Step) -> None:
        """Continues after the prompts of the step were played, or stopped by a key."""
        match step:
            case Tell():
                if step.is_recording_notice:
                    self._commands.write_timeline_note(EventKind.NOTICE_HEARD)
                if step.served:
                    self._commands.write_timeline_note(EventKind.SERVED)
                self._next_target = step.next
            case Ask():
                if not self._apply_typeahead(step):
                    self._commands.collect_input(self._retries.take_timeout(step))
            case PutThrough():
                reason = step.reasons_by_failure.get(self._give_up_reason, step.reason)
                self._commands.add(ToQueue(reason, DANGER_PRIORITY if step.is_danger else ORDINARY_PRIORITY))
                self._end_conversation()
            case Goodbye():
                self._commands.add(Hangup())
                self._end_conversation()
            case Act():
                pass  # An action has no prompt.
            case _:
                assert_never(step)

    # Results of input

    def _apply_result(self, ask: Ask, meaning: Meaning) -> None:
        self._digits = ""
        match meaning:
            case Accepted(target, facts):
                self._remember(facts)
                self._next_target, self._last_told_texts = target, ()
            case WantsPerson():
                self._next_target = ask.give_up
            case WantsRepeat():
                self._ask_question(ask)
            case AsideFound():
                self._apply_global_answer(ask, meaning)
            case Unfinished(digits):
                self._digits = digits
                self._commands.collect_input(digit_seconds(self._digits))
            case Unmatched(why, key, said, beside):
                self._remember(beside)
                self._commands.write_timeline_note(
                    EventKind.MISS, step=ask.name, why=why, **({"key": key} if key else {})
                )
                if ARTICLE in ask.meanings and is_question(said):
                    self._commands.write_timeline_note(EventKind.UNANSWERED, text=said)
                self._reprompt(ask, self._retries.count_no_match(ask, why), MISSES, otherwise=ask.give_up)
            case Meaningless():
                pass
            case _:
                assert_never(meaning)

    def _apply_global_answer(self, ask: Ask, meaning: AsideFound) -> None:
        """Does what the caller asked for instead of answering. A miss if the caller did so too often, or if the article
        may not be spoken."""
        self._remember(meaning.facts)
        does = meaning.global_answer.response
        answer = self._find_answer(does) if isinstance(does, Text) else None
        if not self._retries.count_global_answer() or (isinstance(does, Text) and answer is None):
            self._apply_result(ask, Unmatched("words"))
            return
        match does:
            case Target():
                self._next_target, self._last_told_texts = does, ()
            case Again():
                self._ask_question(ask, after=self._last_told_texts)
            case Wait(words, seconds):
                self._expect_speech(ask)
                self._retries.extend_timeout(seconds)
                self._play_templates((words,), interruptible=True)
            case Text():
                self._ask_question(ask, after=(answer or "",))
            case _:
                assert_never(does)

    def _reprompt(self, ask: Ask, row: tuple[Text, ...] | None, why: str, *, otherwise: Target) -> None:
        if row is None:
            self._commands.write_timeline_note(EventKind.GAVE_UP, step=ask.name)
            self._give_up(otherwise, why)
        else:
            self._speech.asked_by_speech = False
            self._expect_speech(ask)
            self._play_templates(row, interruptible=not ask.uninterrupted)

    def _give_up(self, target: Target, why: str) -> None:
        self._next_target, self._give_up_reason = target, why

    def _go_to_person(self, step: Ask | Tell | Goodbye) -> None:
        """Goes on towards a person after the key 0. `_wants_person` skips the prompts on the way."""
        match step:
            case Ask():
                self._next_target = step.give_up
            case Tell():
                self._next_target = step.next
            case Goodbye():
                self._commands.add(ToQueue(AFTER_GOODBYE, ORDINARY_PRIORITY))
                self._end_conversation()

    def _apply_typeahead(self, ask: Ask) -> bool:
        """Answers the question with keys pressed before it. True if they were an answer or began a number."""
        meaning = judge_kept_keys(ask, self._typeahead_keys, digits=self._digits)
        self._apply_result(ask, meaning)
        return meaning != Meaningless()

    # Output

    def _ask_question(self, ask: Ask, *, after: tuple[str, ...] = ()) -> None:
        """Asks the question; the texts `after` are played before it."""
        self._expect_speech(ask)
        prompt = self._speech.choose_prompt(ask)
        words = self._fill_templates((prompt,))
        if words is not None:
            self._play_texts((*after, *words), interruptible=not ask.uninterrupted)

    def _expect_speech(self, ask: Ask) -> None:
        self._commands.expect_speech(self._speech.expect_speech(ask, turn=self._commands.next_turn))

    def _play_templates(self, texts: tuple[Text, ...], *, interruptible: bool) -> None:
        words = self._fill_templates(texts)
        if words is not None:
            self._play_texts(words, interruptible=interruptible)

    def _fill_templates(self, texts: tuple[Text, ...]) -> tuple[str, ...] | None:
        """The texts with their facts filled in. None if a fact is not known: then the caller goes to a person."""
        missing = sorted({name for text in texts for name in text.facts if name not in self._facts})
        if missing:
            self._fail_script(f"неизвестно: {', '.join(missing)}")
            return None
        return tuple(text.fill_facts(self._facts) or "" for text in texts)

    def _play_texts(self, texts: tuple[str, ...], *, interruptible: bool) -> None:
        """Plays the remaining texts of the step; finishes the step if there are none."""
        if not self._commands.play_prompts(texts, interruptible=interruptible) and self._step is not None:
            self._finish_step(self._step)

    def _remember(self, facts: Mapping[str, str]) -> None:
        if facts:
            self._facts.update(facts)
            self._commands.write_timeline_note(EventKind.FACT, **facts)

    def _fail_script(self, why: str) -> None:
        self._commands.write_timeline_note(EventKind.BROKEN, step=self._step.name if self._step else "", why=why)
        self._commands.add(ToQueue("сбой сценария", ORDINARY_PRIORITY))
        self._end_conversation()

    def _end_conversation(self) -> None:
        self._ended = True
        self._commands.awaited = None
        self._next_target = None
