"""The engine: one call's talk as a table of (what is awaited, what happened) -> commands.

It knows no clock, no network and no database. Three ideas carry it:

* Every `Say`, `Listen` and `Do` has a turn, and at most one turn is awaited. An event of another turn is late and
  dropped, so the edge need not cancel anything in time: a prompt that ends while a key is on its way does no harm.
* Keys belong to no turn. What they mean depends on what is awaited: in an interruptible question they act at once, in
  words that must be heard out, and while an action runs, they are kept and applied to the next question. A kept key
  that means nothing there is forgotten and no miss: the caller could not have known the question.
* Whatever a script lacks at run time (an unknown outcome, a fact that is not there, a step that is not there) leads to
  a person, never to an exception and never to half a sentence.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from callcenter.dialogue.commands import Command, Do, Hangup, Hush, Listen, Remark, Say, ToQueue
from callcenter.dialogue.events import ActionDone, Began, Event, Heard, HungUp, KeyPressed, SayingEnded, Silence
from callcenter.dialogue.phrases import find_phrase
from callcenter.dialogue.script import (
    END_KEY,
    KEYS,
    PERSON_KEY,
    REPEAT_KEY,
    Act,
    Answer,
    Ask,
    Choice,
    Digits,
    Goodbye,
    PutThrough,
    Script,
    Target,
    Tell,
    Text,
)

ORDINARY_PRIORITY = 0
DANGER_PRIORITY = 10
BETWEEN_DIGITS_SECONDS = 5.0
KEPT_KEYS = 32
STEPS_AT_ONCE = 64
"""More steps than this without anything being said or awaited is a circle: the caller gets a person."""


@dataclass(frozen=True, slots=True)
class _Saying:
    turn: int
    interruptible: bool
    rest: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Listening:
    turn: int


@dataclass(frozen=True, slots=True)
class _Doing:
    turn: int


class Conversation:
    """One caller's way through `script`.

    `answers`: article id -> spoken text, only those that may be spoken now. `facts`: what is known before the first word.
    """

    def __init__(self, script: Script, answers: Mapping[str, str], facts: Mapping[str, str]) -> None:
        self._script = script
        self._answers = answers
        self._facts = dict(facts)
        self._commands: list[Command] = []
        self._turn = 0
        self._awaited: _Saying | _Listening | _Doing | None = None
        self._step: Tell | Ask | Act | PutThrough | Goodbye | None = None
        self._next: Target | None = None
        self._kept: deque[str] = deque(maxlen=KEPT_KEYS)
        self._digits = ""
        self._misses = 0
        self._silences = 0
        self._ended = False

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

    def take(self, event: Event) -> list[Command]:
        """The commands that answer `event`, in order. Never raises; a late or needless event gives an empty list."""
        self._commands = []
        if self._ended:
            return []
        match event:
            case HungUp():
                self._end()
            case Began():
                if self._step is None:
                    self._next = self._script.start
            case KeyPressed(key):
                self._take_key(key)
            case SayingEnded(turn):
                if isinstance(self._awaited, _Saying) and self._awaited.turn == turn:
                    self._say_on(self._awaited)
            case Heard(turn, text):
                if isinstance(self._awaited, _Saying | _Listening) and self._awaited.turn == turn:
                    self._take_words(text)
            case Silence(turn):
                if isinstance(self._awaited, _Listening) and self._awaited.turn == turn:
                    self._take_silence()
            case ActionDone(turn, outcome, facts):
                if isinstance(self._awaited, _Doing) and self._awaited.turn == turn:
                    self._take_outcome(outcome, facts)
            case _:
                assert_never(event)
        self._walk()
        return self._commands

    # Steps

    def _walk(self) -> None:
        for _ in range(STEPS_AT_ONCE):
            if self._next is None or self._ended:
                return
            target, self._next, self._awaited = self._next, None, None
            step = self._script.steps.get(target.step)
            if step is None:
                self._break(f"нет шага «{target.step}»")
                return
            self._step = step
            self._remark("step", step=step.name)
            self._enter(step)
        self._break("круг без вопроса")

    def _enter(self, step: Tell | Ask | Act | PutThrough | Goodbye) -> None:
        match step:
            case Tell(words=Text() as text):
                self._say((text,), interruptible=not step.uninterrupted)
            case Tell(words=reference):
                article = reference.article.fill(self._facts)
                answer = self._answers.get(article) if article else None
                if answer:
                    self._say_words((answer,), interruptible=not step.uninterrupted)
                else:
                    self._next = reference.otherwise
            case Ask():
                self._digits, self._misses, self._silences = "", 0, 0
                if step.uninterrupted or not self._apply_kept():
                    self._say((step.prompt,), interruptible=not step.uninterrupted)
            case Act(action=action):
                wanted = (*action.needs, *action.may_take)
                self._turn += 1
                self._awaited = _Doing(self._turn)
                arguments = {name: self._facts[name] for name in wanted if name in self._facts}
                self._commands.append(Do(self._turn, action.name, arguments))
            case PutThrough(prompt=Text() as text):
                self._say((text,), interruptible=False)
            case PutThrough():
                self._leave(step)
            case Goodbye():
                if step.served:
                    self._remark("served")
                self._say((step.prompt,), interruptible=False)
            case _:
                assert_never(step)

    def _leave(self, step: Tell | Ask | Act | PutThrough | Goodbye) -> None:
        """All words of the step were said, or a key cut them short."""
        match step:
            case Tell():
                if step.notice:
                    self._remark("notice heard")
                if step.served:
                    self._remark("served")
                self._next = step.next
            case Ask():
                if not self._apply_kept():
                    self._listen(step.seconds)
            case PutThrough():
                self._commands.append(ToQueue(step.reason, DANGER_PRIORITY if step.danger else ORDINARY_PRIORITY))
                self._end()
            case Goodbye():
                self._commands.append(Hangup())
                self._end()
            case Act():
                pass  # an action speaks no words
            case _:
                assert_never(step)

    # What the caller does

    def _take_key(self, key: str) -> None:
        if key not in KEYS or len(key) != 1:
            return
        saying = self._awaited if isinstance(self._awaited, _Saying) else None
        match self._step:
            case Ask() as ask if isinstance(self._awaited, _Listening) or (saying and saying.interruptible):
                if saying and not _is_deaf_to(ask, key):
                    self._commands.append(Hush(saying.turn))
                self._press(ask, key)
            case Tell() as tell if saying and saying.interruptible:
                self._commands.append(Hush(saying.turn))
                self._kept.append(key)
                self._leave(tell)
            case _:
                self._kept.append(key)

    def _press(self, ask: Ask, key: str) -> None:
        if _is_deaf_to(ask, key):
            return
        if isinstance(ask.reply, Digits):
            self._press_digit(ask, ask.reply, key)
            return
        answer = _find_answer(ask, key)
        if answer:
            self._accept(answer)
        elif key == PERSON_KEY:
            self._next = ask.give_up
        elif key == REPEAT_KEY:
            self._say((ask.prompt,), interruptible=not ask.uninterrupted)
        else:
            self._miss(ask, why="key", key=key)

    def _press_digit(self, ask: Ask, reply: Digits, key: str) -> None:
        if key == REPEAT_KEY:  # a slip of the finger: from the beginning
            self._digits = ""
            self._say((ask.prompt,), interruptible=not ask.uninterrupted)
        elif key == END_KEY:
            self._finish_digits(ask, reply)
        else:
            self._digits += key
            if len(self._digits) == reply.most:
                self._finish_digits(ask, reply)
            else:
                self._listen(BETWEEN_DIGITS_SECONDS)

    def _finish_digits(self, ask: Ask, reply: Digits) -> None:
        digits, self._digits = self._digits, ""
        if digits == PERSON_KEY:
            self._next = ask.give_up
        elif reply.least <= len(digits) <= reply.most:
            self._remember({reply.fact: digits})
            self._next = reply.next
        else:
            self._miss(ask, why="digits", key=digits)

    def _apply_kept(self) -> bool:
        """Answer the question with the keys pressed before it. True when they led somewhere, or began a number."""
        ask = self._step
        if not isinstance(ask, Ask):
            return False
        while self._kept and self._next is None:
            key = self._kept.popleft()
            if isinstance(ask.reply, Digits):
                if key.isdigit() or self._digits:
                    self._awaited = None
                    self._press(ask, key)
            elif _find_answer(ask, key) or key == PERSON_KEY:
                self._press(ask, key)
        return self._next is not None or isinstance(self._awaited, _Listening)

    def _take_words(self, text: str) -> None:
        if not isinstance(self._step, Ask):
            return
        if isinstance(self._awaited, _Saying):
            if not self._awaited.interruptible:
                return
            self._commands.append(Hush(self._awaited.turn))
        reply = self._step.reply
        answers = reply.answers if isinstance(reply, Choice) else ()
        for answer in answers:
            if find_phrase(answer.phrases, text):
                self._accept(answer)
                return
        self._miss(self._step, why="words")

    def _take_silence(self) -> None:
        if not isinstance(self._step, Ask):
            return
        if self._digits and isinstance(self._step.reply, Digits):
            self._finish_digits(self._step, self._step.reply)
            return
        self._silences += 1
        self._remark("miss", step=self._step.name, why="silence")
        self._encourage(self._step, self._step.silences, self._silences)

    def _take_outcome(self, outcome: str, facts: Mapping[str, str]) -> None:
        if not isinstance(self._step, Act):
            return
        self._remember(facts)
        target = self._step.outcomes.get(outcome)
        if target is None:
            self._remark("broken", step=self._step.name, why=f"исход «{outcome}»")
        self._next = target or self._step.give_up

    def _accept(self, answer: Answer) -> None:
        self._remember(dict(answer.remember))
        self._next = answer.next

    def _miss(self, ask: Ask, *, why: str, key: str = "") -> None:
        self._misses += 1
        self._remark("miss", step=ask.name, why=why, **({"key": key} if key else {}))
        self._encourage(ask, ask.misses, self._misses)

    def _encourage(self, ask: Ask, rows: tuple[tuple[Text, ...], ...], count: int) -> None:
        if count > len(rows):
            self._remark("gave up", step=ask.name)
            self._next = ask.give_up
        else:
            self._say(rows[count - 1], interruptible=not ask.uninterrupted)

    # What we do

    def _say(self, texts: tuple[Text, ...], *, interruptible: bool) -> None:
        filled = [text.fill(self._facts) for text in texts]
        words = tuple(text for text in filled if text is not None)
        if len(words) < len(filled):
            missing = sorted({name for text in texts for name in text.facts if name not in self._facts})
            self._break(f"неизвестно: {', '.join(missing)}")
        else:
            self._say_words(words, interruptible=interruptible)

    def _say_words(self, words: tuple[str, ...], *, interruptible: bool) -> None:
        self._say_on(_Saying(self._turn, interruptible, words))

    def _say_on(self, saying: _Saying) -> None:
        """The next words of the step, or what follows them."""
        if saying.rest:
            self._turn += 1
            self._awaited = _Saying(self._turn, saying.interruptible, saying.rest[1:])
            self._commands.append(Say(self._turn, saying.rest[0], saying.interruptible))
        elif self._step is not None:
            self._awaited = None
            self._leave(self._step)

    def _listen(self, seconds: float) -> None:
        self._turn += 1
        self._awaited = _Listening(self._turn)
        self._commands.append(Listen(self._turn, seconds))

    def _remember(self, facts: Mapping[str, str]) -> None:
        if facts:
            self._facts.update(facts)
            self._commands.append(Remark("fact", dict(facts)))

    def _remark(self, kind: str, **facts: str) -> None:
        self._commands.append(Remark(kind, facts))

    def _break(self, why: str) -> None:
        self._remark("broken", step=self.step or "", why=why)
        self._commands.append(ToQueue("сбой сценария", ORDINARY_PRIORITY))
        self._end()

    def _end(self) -> None:
        self._ended = True
        self._awaited = None
        self._next = None


def _find_answer(ask: Ask, key: str) -> Answer | None:
    answers = ask.reply.answers if isinstance(ask.reply, Choice) else ()
    return next((answer for answer in answers if answer.key == key), None)


def _is_deaf_to(ask: Ask, key: str) -> bool:
    """`#` after a number that was complete already: a habit, not a mistake."""
    return key == END_KEY and isinstance(ask.reply, Choice) and _find_answer(ask, key) is None
