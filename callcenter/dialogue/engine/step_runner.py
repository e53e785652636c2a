"""A caller's way from step to step: what a step does when it is entered, and what follows from what the caller meant.

What an event means is decided in `conversation.py`; here it is carried out. Both work on one state.
"""

from collections import deque
from collections.abc import Mapping
from typing import assert_never

from callcenter.dialogue.engine.attention import Attention
from callcenter.dialogue.engine.awaited import Doing, Saying, digit_seconds
from callcenter.dialogue.engine.commands import Hangup, ToQueue
from callcenter.dialogue.engine.priorities import DANGER_PRIORITY, ORDINARY_PRIORITY
from callcenter.dialogue.engine.question import (
    Accepted,
    Meaning,
    Meaningless,
    Missed,
    TurnedAside,
    Unfinished,
    WantsPerson,
    WantsRepeat,
    judge_kept,
)
from callcenter.dialogue.engine.retry_counter import Patience
from callcenter.dialogue.engine.turns import Turns
from callcenter.dialogue.interpretation.interpretation import Mind, NoMind
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

KEPT_KEYS = 32
STEPS_AT_ONCE = 64
"""More steps than this without anything being said or awaited is a circle: the caller gets a person."""
AFTER_GOODBYE = "прощаясь, попросил диспетчера"


class Stepping:
    """One caller's way through `script`.

    `answers`: article id -> spoken text, only those that may be spoken now. `facts`: what is known at the beginning.
    `mind`: understands what callers say; None: only the script's own phrases are.
    """

    def __init__(
        self, script: Script, answers: Mapping[str, str], facts: Mapping[str, str], mind: Mind | None = None
    ) -> None:
        self._script = script
        self._answers = answers
        self._facts = dict(facts)
        self._turns = Turns()
        self._step: Step | None = None
        self._next: Target | None = None
        self._kept: deque[str] = deque(maxlen=KEPT_KEYS)
        self._digits = ""
        self._patience = Patience()
        self._wants_person = False
        self._gave_up = ""
        """Why the last step was given up, by its word of the script; empty when it was not."""
        self._attention = Attention(script.dangers, mind or NoMind())
        self._last_words = ""
        """That a caller answered with; empty once a key was pressed."""
        self._told: tuple[str, ...] = ()
        """What was told last before the question that stands."""
        self._ended = False

    # From step to step

    def _walk(self) -> None:
        for _ in range(STEPS_AT_ONCE):
            self._act_on_danger()
            if self._next is None or self._ended:
                return
            target, self._next, self._turns.awaited = self._next, None, None
            step = self._script.steps.get(target.step)
            if step is None:
                self._break(f"нет шага «{target.step}»")
                return
            self._step = step
            self._turns.expect(self._attention.stop_expecting(turn=self._turns.next))
            self._turns.remark("step", step=step.name)
            self._enter(step)
        self._break("круг без вопроса")

    def _act_on_danger(self) -> None:
        """Goes where the danger heard leads, unless something must be done or said to its end first."""
        match self._attention.danger, self._step, self._turns.awaited:
            case (None, _, _) | (_, None, _) | (_, _, Doing()) | (_, Tell(notice=True), Saying()):
                return
            case danger, _, _:
                self._attention.danger = None
                self._turns.hush()
                self._remember(dict(danger.remember))
                self._next, self._wants_person = danger.next, False

    def _enter(self, step: Step) -> None:
        if isinstance(step, Ask | Goodbye):
            self._gave_up = ""
        match step:
            case Tell():
                self._tell(step)
            case Ask() | Goodbye() if self._wants_person:
                self._call_person(step)
            case Ask(only_aloud=True) if not self._attention.hears:
                self._give_up(step.give_up, FAILED)
            case Ask():
                self._digits, self._patience = "", Patience()
                if step.uninterrupted or not self._apply_kept(step):
                    self._ask(step)
            case Act(action=action):
                wanted = (*action.needs, *action.may_take)
                self._turns.do(action.name, {name: self._facts[name] for name in wanted if name in self._facts})
            case PutThrough(prompt=Text() as text):
                self._say((text,), interruptible=False)
            case PutThrough():
                self._leave(step)
            case Goodbye():
                if step.served:
                    self._turns.remark("served")
                self._say((step.prompt,), interruptible=False)
            case _:
                assert_never(step)

    def _tell(self, step: Tell) -> None:
        interruptible = not step.uninterrupted
        if self._wants_person and not step.notice:
            self._next = step.next
        elif isinstance(step.words, Text):
            self._told = (step.words.fill(self._facts) or "",)
            self._say((step.words,), interruptible=interruptible)
        elif answer := self._find_answer(step.words.article):
            self._told = (answer,)
            self._say_on((answer,), interruptible=interruptible)
        else:
            self._next = step.words.otherwise

    def _find_answer(self, article: Text) -> str | None:
        """The words of an article; one that may not be told is a question nobody answered."""
        name = article.fill(self._facts) or ""
        answer = self._answers.get(name)
        if answer is None and not name.startswith(SAFETY):
            self._turns.remark("unanswered", text=self._last_words, article=name)
        return answer

    def _leave(self, step: Step) -> None:
        """All words of the step were said, or a key cut them short."""
        match step:
            case Tell():
                if step.notice:
                    self._turns.remark("notice heard")
                if step.served:
                    self._turns.remark("served")
                self._next = step.next
            case Ask():
                if not self._apply_kept(step):
                    self._turns.listen(self._patience.take_seconds(step))
            case PutThrough():
                reason = step.instead.get(self._gave_up, step.reason)
                self._turns.add(ToQueue(reason, DANGER_PRIORITY if step.danger else ORDINARY_PRIORITY))
                self._end()
            case Goodbye():
                self._turns.add(Hangup())
                self._end()
            case Act():
                pass  # an action speaks no words
            case _:
                assert_never(step)

    # What follows from what was meant

    def _react(self, ask: Ask, meaning: Meaning) -> None:
        self._digits = ""
        match meaning:
            case Accepted(target, facts):
                self._remember(facts)
                self._next, self._told = target, ()
            case WantsPerson():
                self._next = ask.give_up
            case WantsRepeat():
                self._ask(ask)
            case TurnedAside():
                self._turn_aside(ask, meaning)
            case Unfinished(digits):
                self._digits = digits
                self._turns.listen(digit_seconds(self._digits))
            case Missed(why, key, said, beside):
                self._remember(beside)
                self._turns.remark("miss", step=ask.name, why=why, **({"key": key} if key else {}))
                if ARTICLE in ask.meanings and is_question(said):
                    self._turns.remark("unanswered", text=said)
                self._encourage(ask, self._patience.row_for_miss(ask, why), MISSES, otherwise=ask.give_up)
            case Meaningless():
                pass
            case _:
                assert_never(meaning)

    def _turn_aside(self, ask: Ask, meaning: TurnedAside) -> None:
        """Does what the caller asked for instead of answering, and asks again; too often is a miss."""
        self._remember(meaning.facts)
        does = meaning.aside.does
        answer = self._find_answer(does) if isinstance(does, Text) else None
        if not self._patience.bears_aside() or (isinstance(does, Text) and answer is None):
            self._react(ask, Missed("words"))
            return
        match does:
            case Target():
                self._next, self._told = does, ()
            case Again():
                self._ask(ask, after=self._told)
            case Wait(words, seconds):
                self._expect(ask)
                self._patience.wait(seconds)
                self._say((words,), interruptible=True)
            case Text():
                self._ask(ask, after=(answer or "",))
            case _:
                assert_never(does)

    def _encourage(self, ask: Ask, row: tuple[Text, ...] | None, why: str, *, otherwise: Target) -> None:
        if row is None:
            self._turns.remark("gave up", step=ask.name)
            self._give_up(otherwise, why)
        else:
            self._attention.asked_aloud = False
            self._expect(ask)
            self._say(row, interruptible=not ask.uninterrupted)

    def _give_up(self, target: Target, why: str) -> None:
        self._next, self._gave_up = target, why

    def _call_person(self, step: Ask | Tell | Goodbye) -> None:
        """0 was pressed: on to the person this step leads to, nothing more is told on the way."""
        match step:
            case Ask():
                self._next = step.give_up
            case Tell():
                self._next = step.next
            case Goodbye():
                self._turns.add(ToQueue(AFTER_GOODBYE, ORDINARY_PRIORITY))
                self._end()

    def _apply_kept(self, ask: Ask) -> bool:
        """Answer the question with the keys pressed before it. True when they led somewhere, or began a number."""
        meaning = judge_kept(ask, self._kept, digits=self._digits)
        self._react(ask, meaning)
        return meaning != Meaningless()

    # What we do

    def _ask(self, ask: Ask, *, after: tuple[str, ...] = ()) -> None:
        """Puts the question, `after` being said before it."""
        self._expect(ask)
        prompt = self._attention.choose_prompt(ask)
        words = self._fill((prompt,))
        if words is not None:
            self._say_on((*after, *words), interruptible=not ask.uninterrupted)

    def _expect(self, ask: Ask) -> None:
        self._turns.expect(self._attention.expect(ask, turn=self._turns.next))

    def _say(self, texts: tuple[Text, ...], *, interruptible: bool) -> None:
        words = self._fill(texts)
        if words is not None:
            self._say_on(words, interruptible=interruptible)

    def _fill(self, texts: tuple[Text, ...]) -> tuple[str, ...] | None:
        """The texts with their facts; None, and the caller is on the way to a person, when one is not known."""
        missing = sorted({name for text in texts for name in text.facts if name not in self._facts})
        if missing:
            self._break(f"неизвестно: {', '.join(missing)}")
            return None
        return tuple(text.fill(self._facts) or "" for text in texts)

    def _say_on(self, texts: tuple[str, ...], *, interruptible: bool) -> None:
        """The next words of the step, or what follows them."""
        if not self._turns.say(texts, interruptible=interruptible) and self._step is not None:
            self._leave(self._step)

    def _remember(self, facts: Mapping[str, str]) -> None:
        if facts:
            self._facts.update(facts)
            self._turns.remark("fact", **facts)

    def _break(self, why: str) -> None:
        self._turns.remark("broken", step=self._step.name if self._step else "", why=why)
        self._turns.add(ToQueue("сбой сценария", ORDINARY_PRIORITY))
        self._end()

    def _end(self) -> None:
        self._ended = True
        self._turns.awaited = None
        self._next = None
