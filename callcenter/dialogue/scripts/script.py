"""The model of a script: five kinds of step, each its own frozen type.

What a step cannot do without is a field without a default: a question without «сдаться» cannot be built.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

from callcenter.core.problems import FileLocation
from callcenter.dialogue.scripts.vocabulary import ARTICLE, CATEGORY, FACTS_OF_MEANING

KEYS = "0123456789*#"
PERSON_KEY = "0"
REPEAT_KEY = "*"
END_KEY = "#"


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """An action a script may ask for: what it must know, what it may know, what it gives with each outcome."""

    name: str
    needs: tuple[str, ...]
    gives: Mapping[str, tuple[str, ...]]
    """Outcome -> the facts known after it. Its keys are all the outcomes there are."""
    may_take: tuple[str, ...] = ()

    @property
    def outcomes(self) -> tuple[str, ...]:
        return tuple(self.gives)


@dataclass(frozen=True, slots=True)
class Fact:
    """A `{fact}` inside a text."""

    name: str


@dataclass(frozen=True, slots=True)
class Text:
    """Words with `{facts}` in them, and where they stand in the file."""

    parts: tuple[str | Fact, ...]
    position: FileLocation

    @property
    def facts(self) -> tuple[str, ...]:
        return tuple(part.name for part in self.parts if isinstance(part, Fact))

    def fill_facts(self, facts: Mapping[str, str]) -> str | None:
        """The words with the facts in their places; None when a fact is not known: half a sentence is never spoken."""
        if any(name not in facts for name in self.facts):
            return None
        return "".join(facts[part.name] if isinstance(part, Fact) else part for part in self.parts)

    def __str__(self) -> str:
        return "".join(f"{{{part.name}}}" if isinstance(part, Fact) else part for part in self.parts)


@dataclass(frozen=True, slots=True)
class Target:
    """The name of the step to go to, and where it is named."""

    step: str
    position: FileLocation


@dataclass(frozen=True, slots=True)
class Reference:
    """An answer of the knowledge base instead of words of the script; `otherwise` when it may not be spoken."""

    article: Text
    otherwise: Target


@dataclass(frozen=True, slots=True)
class Tell:
    name: str
    position: FileLocation
    content: Text | Reference
    next: Target
    uninterrupted: bool = False
    """«дослушать: да»: no key stops it, except 0 where the words are not about the recording."""
    is_recording_notice: bool = False
    """«уведомление: да»: these are the words about the recording."""
    served: bool = False
    """«готово: да»: who heard this got what they called for."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """What a caller may say: `source` as written, `pattern` searched in the caller's words (see phrases.py)."""

    source: str
    pattern: re.Pattern[str]
    position: FileLocation
    variants: tuple[str, ...]
    """Every row of words it stands for."""


@dataclass(frozen=True, slots=True)
class Answer:
    position: FileLocation
    next: Target
    key: str | None = None
    phrases: tuple[Phrase, ...] = ()
    remembered_facts: tuple[tuple[str, str], ...] = ()
    meanings: tuple[str, ...] = ()
    """«поняв»: what the caller may mean, whatever words they choose; names of vocabulary.MEANINGS."""


@dataclass(frozen=True, slots=True)
class Again:
    """What was told before the question, and the question, once more."""


@dataclass(frozen=True, slots=True)
class Wait:
    """`prompt`, and then so many seconds of silence are no miss."""

    prompt: Text
    seconds: float


@dataclass(frozen=True, slots=True)
class Aside:
    """Something that any question may be answered with instead: «подождите», «повторите», a question of one's own.

    After all of them but a Target the question stands as it stood.
    """

    position: FileLocation
    response: Again | Wait | Text | Target
    """A Text is the id of an article to tell."""
    phrases: tuple[Phrase, ...] = ()
    meanings: tuple[str, ...] = ()

    @property
    def remembered_facts(self) -> tuple[tuple[str, str], ...]:
        """It gives the facts of its meanings alone."""
        return ()


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several answers."""

    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Digits:
    """A number by keys: ends with `#`, with the last possible digit, or with a pause after enough of them."""

    least: int
    most: int
    fact: str
    next: Target


@dataclass(frozen=True, slots=True)
class Ask:
    name: str
    position: FileLocation
    prompt: Text
    reply: Choice | Digits
    no_match_prompts: tuple[tuple[Text, ...], ...]
    """What is said after the first miss, the second …; after the last of them the caller gets a person."""
    no_input_prompts: tuple[tuple[Text, ...], ...]
    give_up: Target
    timeout_seconds: float = 7.0
    uninterrupted: bool = False
    speech_prompt: Text | None = None
    """«вслух»: the question to a caller who is heard; `prompt`, by keys, is for all others."""
    no_match_speech_prompts: tuple[tuple[Text, ...], ...] = ()
    """«не расслышал»: what is said after words that are no answer; without it `prompt` once more."""
    is_speech_only: bool = False
    """«только вслух: да»: asked of callers who are heard; all others go to `give_up` at once."""
    no_input_target: Target | None = None
    """«ушёл»: where silence leads at last; None: to `give_up` as misses do."""
    global_answers: tuple[Aside, ...] = ()
    """«на любой вопрос»: the script's, where words may answer."""

    @property
    def answers(self) -> tuple[Answer, ...]:
        """The answers of a choice; a number has none."""
        return self.reply.answers if isinstance(self.reply, Choice) else ()

    @property
    def phrases(self) -> tuple[Phrase, ...]:
        """All phrases that may be answered."""
        said: tuple[Answer | Aside, ...] = (*self.answers, *self.global_answers)
        return tuple(phrase for one in said for phrase in one.phrases)

    @property
    def meanings(self) -> tuple[str, ...]:
        """All that the answers may mean."""
        return tuple(name for answer in self.answers for name in answer.meanings)

    @property
    def accepts_speech(self) -> bool:
        """Whether words may answer it: a number is said where it is asked for aloud."""
        if isinstance(self.reply, Digits):
            return self.is_speech_only or self.speech_prompt is not None
        return bool(self.phrases or self.meanings)


@dataclass(frozen=True, slots=True)
class Act:
    name: str
    position: FileLocation
    action: ActionSpec
    outcomes: Mapping[str, Target]
    give_up: Target
    """Where the caller goes when the action broke."""


@dataclass(frozen=True, slots=True)
class PutThrough:
    name: str
    position: FileLocation
    queue: str
    reason: str
    is_danger: bool = False
    prompt: Text | None = None
    reasons_by_failure: Mapping[str, str] = field(default_factory=dict)
    """«не понял», «молчит», «сбой» -> the reason in place of `reason` where that is why a step was given up."""


@dataclass(frozen=True, slots=True)
class Goodbye:
    name: str
    position: FileLocation
    prompt: Text
    served: bool = False


Step = Tell | Ask | Act | PutThrough | Goodbye


@dataclass(frozen=True, slots=True)
class Script:
    name: str
    start: Target
    steps: Mapping[str, Step] = field(hash=False)
    dangers: tuple[Answer, ...] = ()
    """«опасные слова»: acted on whenever they are heard, whatever is being said or asked."""
    articles: tuple[str, ...] = ()
    """Every id that «ответ» may turn into where a caller's meaning gives it."""
    global_answers: tuple[Aside, ...] = ()
    """«на любой вопрос»."""


def list_texts(step: Step) -> tuple[Text, ...]:
    """Every text the step itself may speak; those that only a caller who is heard is told come last."""
    if not isinstance(step, Ask):
        return list_texts_by_keys(step)
    waiting = tuple(aside.response.prompt for aside in step.global_answers if isinstance(aside.response, Wait))
    if step.is_speech_only:
        return (*_list_asked(step), *waiting)
    aloud = (step.speech_prompt,) if step.speech_prompt is not None else ()
    return (
        *list_texts_by_keys(step),
        *aloud,
        *(text for row in step.no_match_speech_prompts for text in row),
        *waiting,
    )


def list_texts_by_keys(step: Step) -> tuple[Text, ...]:
    """Those that may be spoken without an ear, in the order of the file."""
    match step:
        case Tell(content=Text() as text):
            return (text,)
        case Ask(is_speech_only=True):
            return ()
        case Ask():
            return _list_asked(step)
        case PutThrough(prompt=Text() as text) | Goodbye(prompt=text):
            return (text,)
        case _:
            return ()


def _list_asked(ask: Ask) -> tuple[Text, ...]:
    return (ask.prompt, *(text for row in (*ask.no_match_prompts, *ask.no_input_prompts) for text in row))


def list_answers(steps: Iterable[Step]) -> Iterator[Answer]:
    """Every answer of every question with a choice."""
    for step in steps:
        if isinstance(step, Ask):
            yield from step.answers


def list_article_ids(article: Text, answers: Iterable[Answer | Aside], names: Collection[str]) -> tuple[str, ...]:
    """The ids `article` («ответ») may turn into: a fact in it stands for each value that «запомни» gives it, and for
    whatever leads to one of `names` where a caller's meaning gives it."""
    values: dict[str, dict[str, None]] = {name: {} for name in article.facts}
    understood: set[str] = set()
    for answer in answers:
        given = {fact for meaning in answer.meanings for fact in FACTS_OF_MEANING[meaning]}
        understood |= given & {ARTICLE, CATEGORY}
        for name, value in answer.remembered_facts:
            if name in values:
                values[name][value] = None
    rows = product(*values.values())
    ids = [article.fill_facts(dict(zip(values, row, strict=True))) or "" for row in rows]
    if understood & set(values):
        parts = (".+" if isinstance(part, Fact) else re.escape(part) for part in article.parts)
        pattern = re.compile("".join(parts))
        ids += [name for name in names if pattern.fullmatch(name) and (":" in name) == (":" in str(article))]
    return tuple(dict.fromkeys(ids))


def list_told_articles(script: Script) -> tuple[str, ...]:
    """Every article id the script may tell."""
    steps = script.steps.values()
    told = [step.content.article for step in steps if isinstance(step, Tell) and isinstance(step.content, Reference)]
    told += [aside.response for aside in script.global_answers if isinstance(aside.response, Text)]
    chosen: tuple[Answer | Aside, ...] = (*list_answers(steps), *script.dangers, *script.global_answers)
    ids = (id_ for article in told for id_ in list_article_ids(article, chosen, script.articles))
    return tuple(dict.fromkeys(ids))


def list_fixed_prompts(script: Script, answers: Mapping[str, str], *, with_speech: bool) -> tuple[str, ...]:
    """Every prompt known before a call: texts without facts, and the answers told; for the voice to prepare.

    `with_speech`: with those for callers who are heard.
    """
    list_spoken = list_texts if with_speech else list_texts_by_keys
    texts = [text.fill_facts({}) for step in script.steps.values() for text in list_spoken(step)]
    told = [answers.get(article) for article in list_told_articles(script)]
    return tuple(dict.fromkeys(text for text in (*texts, *told) if text))
