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
  ear, and once it is lost, the question is asked by keys.
* Whatever a script lacks at run time (an unknown outcome, a fact that is not there, a step that is not there) leads to
  a person, never to an exception and never to half a sentence.
"""

from collections import deque
from collections.abc import Mapping
from typing import assert_never

from callcenter.dialogue.attention import Attention
from callcenter.dialogue.awaited import SPEECH_SECONDS, Doing, Listening, Saying, digit_seconds
from callcenter.dialogue.commands import Command, Hangup, ToQueue
from callcenter.dialogue.events import (
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
from callcenter.dialogue.question import (
    Accepted,
    Meaning,
    Meaningless,
    Missed,
    Unfinished,
    WantsPerson,
    WantsRepeat,
    judge_kept,
    judge_key,
    judge_number,
    judge_words,
    list_misses,
)
from callcenter.dialogue.script import (
    END_KEY,
    KEYS,
    PERSON_KEY,
    Act,
    Ask,
    Digits,
    Goodbye,
    PutThrough,
    Script,
    Step,
    Target,
    Tell,
    Text,
)
from callcenter.dialogue.sense import Mind, NoMind
from callcenter.dialogue.turns import Turns
from callcenter.dialogue.vocabulary import ARTICLE
from callcenter.knowledge.base import SAFETY

ORDINARY_PRIORITY = 0
DANGER_PRIORITY = 10
KEPT_KEYS = 32
STEPS_AT_ONCE = 64
"""More steps than this without anything being said or awaited is a circle: the caller gets a person."""
AFTER_GOODBYE = "прощаясь, попросил диспетчера"


class Conversation:
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
        self._misses = 0
        self._silences = 0
        self._wants_person = False
        self._attention = Attention(script.dangers, mind or NoMind())
        self._last_words = ""
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
        self._turns.answer_anew()
        if self._ended:
            return []
        match event, self._turns.awaited:
            case HungUp(), _:
                self._end()
            case Began(), None if self._step is None:
                self._next = self._script.start
            case KeyPressed(key), _ if len(key) == 1 and key in KEYS:
                self._take_key(key)
            case SayingEnded(turn), Saying() as saying if saying.turn == turn:
                self._say_on(saying.rest, interruptible=saying.interruptible)
            case (EarOpened() | EarLost() | SpeechBegan() | Heard() | Said()) as speech, _:
                self._take_speech(speech)
            case Silence(turn), Listening() as listening if listening.turn == turn:
                self._take_silence()
            case ActionDone(turn, outcome, facts), Doing() as doing if doing.turn == turn:
                self._take_outcome(outcome, facts)
        self._walk()
        return self._turns.commands

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

    def _enter(self, step: Step) -> None:
        match step:
            case Tell():
                self._tell(step)
            case Ask() | Goodbye() if self._wants_person:
                self._call_person(step)
            case Ask(only_aloud=True) if not self._attention.hears:
                self._next = step.give_up
            case Ask():
                self._digits, self._misses, self._silences = "", 0, 0
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
            self._say((step.words,), interruptible=interruptible)
        elif answer := self._answers.get(step.words.article.fill(self._facts) or ""):
            self._say_on((answer,), interruptible=interruptible)
        else:
            article = step.words.article.fill(self._facts) or ""
            if not article.startswith(SAFETY):
                self._turns.remark("unanswered", text=self._last_words, article=article)
            self._next = step.words.otherwise

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
                    self._turns.listen(step.seconds)
            case PutThrough():
                self._turns.add(ToQueue(step.reason, DANGER_PRIORITY if step.danger else ORDINARY_PRIORITY))
                self._end()
            case Goodbye():
                self._turns.add(Hangup())
                self._end()
            case Act():
                pass  # an action speaks no words
            case _:
                assert_never(step)

    # What happens

    def _take_key(self, key: str) -> None:
        match self._step, self._turns.awaited:
            case (Tell(notice=False) | Ask(uninterrupted=True) | Goodbye()) as step, Saying() if key == PERSON_KEY:
                self._turns.hush()
                self._wants_person = True
                self._call_person(step)
            case Ask() as ask, Listening() | Saying(interruptible=True):
                meaning = judge_key(ask, key, digits=self._digits)
                if meaning != Meaningless():
                    self._turns.hush()
                    self._react(ask, meaning)
            case Tell(notice=True), Saying() if key == PERSON_KEY and not self._kept:
                self._wants_person = True
            case Tell(), Saying(interruptible=True) if key == END_KEY:
                pass  # a number was complete before its hash: the words it asked for must not be cut
            case Tell() as tell, Saying(interruptible=True):
                self._turns.hush()
                self._kept.append(key)
                self._leave(tell)
            case _:
                self._kept.append(key)

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

    def _take_speech(self, speech: Speech) -> None:
        """Words answer only in the quiet: whoever speaks stops the prompt first, and the echo of one is no answer."""
        if isinstance(speech, Heard | Said):
            whole = isinstance(speech, Said)
            if found := self._attention.find_danger(speech.text, self._facts, whole=whole):
                self._turns.remark("danger heard", words=found)
                return
        match speech, self._step, self._turns.awaited:
            case ((EarOpened() | EarLost()), _, _):
                self._change_ear(opened=isinstance(speech, EarOpened))
            case SpeechBegan(turn), Ask(), (Listening() | Saying(interruptible=True)) if self._attention.expects(turn):
                self._turns.hush()
                self._turns.listen(SPEECH_SECONDS)
            case Heard(), Ask(), Listening() if self._attention.expects_words:
                self._turns.listen(SPEECH_SECONDS)
            case Said(turn, text), Ask() as ask, Listening() if self._attention.expects(turn):
                self._last_words = text
                self._react(ask, judge_words(ask, text, self._attention.make_out(text, self._facts)))

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

    def _change_ear(self, *, opened: bool) -> None:
        ask_again = self._attention.change(hears=opened)
        if isinstance(self._step, Ask) and isinstance(self._turns.awaited, Listening | Saying):
            if self._step.only_aloud and not opened:
                self._turns.hush()
                self._next = self._step.give_up
                return
            if ask_again:
                self._turns.hush()
            (self._ask if ask_again else self._expect)(self._step)

    def _take_silence(self) -> None:
        match self._step:
            case Ask(reply=Digits() as reply) as ask if self._digits:
                self._react(ask, judge_number(reply, self._digits))
            case Ask() as ask:
                self._silences += 1
                self._turns.remark("miss", step=ask.name, why="silence")
                self._encourage(ask, ask.silences, self._silences)

    def _take_outcome(self, outcome: str, facts: Mapping[str, str]) -> None:
        if isinstance(self._step, Act):
            self._remember(facts)
            self._turns.awaited = None
            target = self._step.outcomes.get(outcome)
            if target is None:
                self._turns.remark("broken", step=self._step.name, why=f"исход «{outcome}»")
            self._next = target or self._step.give_up

    def _react(self, ask: Ask, meaning: Meaning) -> None:
        self._digits = ""
        match meaning:
            case Accepted(target, facts):
                self._remember(facts)
                self._next = target
            case WantsPerson():
                self._next = ask.give_up
            case WantsRepeat():
                self._ask(ask)
            case Unfinished(digits):
                self._digits = digits
                self._turns.listen(digit_seconds(self._digits))
            case Missed(why, key, said):
                self._misses += 1
                self._turns.remark("miss", step=ask.name, why=why, **({"key": key} if key else {}))
                if said and ARTICLE in ask.meanings:
                    self._turns.remark("unanswered", text=said)
                self._encourage(ask, list_misses(ask, why), self._misses)
            case Meaningless():
                pass
            case _:
                assert_never(meaning)

    def _encourage(self, ask: Ask, rows: tuple[tuple[Text, ...], ...], count: int) -> None:
        if count > len(rows):
            self._turns.remark("gave up", step=ask.name)
            self._next = ask.give_up
        else:
            self._attention.asked_aloud = False
            self._expect(ask)
            self._say(rows[count - 1], interruptible=not ask.uninterrupted)

    # What we do

    def _ask(self, ask: Ask) -> None:
        self._expect(ask)
        self._say((self._attention.choose_prompt(ask),), interruptible=not ask.uninterrupted)

    def _expect(self, ask: Ask) -> None:
        self._turns.expect(self._attention.expect(ask, turn=self._turns.next))

    def _say(self, texts: tuple[Text, ...], *, interruptible: bool) -> None:
        missing = sorted({name for text in texts for name in text.facts if name not in self._facts})
        if missing:
            self._break(f"неизвестно: {', '.join(missing)}")
        else:
            self._say_on(tuple(text.fill(self._facts) or "" for text in texts), interruptible=interruptible)

    def _say_on(self, texts: tuple[str, ...], *, interruptible: bool) -> None:
        """The next words of the step, or what follows them."""
        if not self._turns.say(texts, interruptible=interruptible) and self._step is not None:
            self._leave(self._step)

    def _remember(self, facts: Mapping[str, str]) -> None:
        if facts:
            self._facts.update(facts)
            self._turns.remark("fact", **facts)

    def _break(self, why: str) -> None:
        self._turns.remark("broken", step=self.step or "", why=why)
        self._turns.add(ToQueue("сбой сценария", ORDINARY_PRIORITY))
        self._end()

    def _end(self) -> None:
        self._ended = True
        self._turns.awaited = None
        self._next = None
