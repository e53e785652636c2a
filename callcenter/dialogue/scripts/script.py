"""The model of a script: five kinds of step, each a frozen type. Built by reader.py, run by the engine.

The required parts of a step are fields without a default: a question without «сдаться» cannot be built.
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
    """An action that a script may run: the facts it needs, the facts it may take, the facts that each outcome gives."""

    name: str
    needs: tuple[str, ...]
    gives: Mapping[str, tuple[str, ...]]
    """Outcome -> the facts known after it. The keys are all possible outcomes."""
    may_take: tuple[str, ...] = ()

    @property
    def outcomes(self) -> tuple[str, ...]:
        return tuple(self.gives)


@dataclass(frozen=True, slots=True)
class Fact:
    """A `{fact}` placeholder in a text."""

    name: str


@dataclass(frozen=True, slots=True)
class Text:
    """A text with `{fact}` placeholders, and its position in the file."""

    parts: tuple[str | Fact, ...]
    position: FileLocation

    @property
    def facts(self) -> tuple[str, ...]:
        return tuple(part.name for part in self.parts if isinstance(part, Fact))

    def fill_facts(self, facts: Mapping[str, str]) -> str | None:
        """Returns the text with the facts filled in; None if one is unknown: half a sentence must not be spoken."""
        if any(name not in facts for name in self.facts):
            return None
        return "".join(facts[part.name] if isinstance(part, Fact) else part for part in self.parts)

    def __str__(self) -> str:
        return "".join(f"{{{part.name}}}" if isinstance(part, Fact) else part for part in self.parts)


@dataclass(frozen=True, slots=True)
class Target:
    """The name of the next step, and the position in the file that names it."""

    step: str
    position: FileLocation


@dataclass(frozen=True, slots=True)
class Reference:
    """An answer of the knowledge base, by the template of its id. `otherwise`: next step if it may not be spoken."""

    article: Text
    otherwise: Target


@dataclass(frozen=True, slots=True)
class Tell:
    """«скажи» or «ответ»: plays a text of the script or of the knowledge base and goes on."""

    name: str
    position: FileLocation
    content: Text | Reference
    next: Target
    uninterrupted: bool = False
    """«дослушать: да»: no DTMF digit stops the playback, except 0 if this is not the recording notice."""
    is_recording_notice: bool = False
    """«уведомление: да»: this is the notice that the call is recorded."""
    served: bool = False
    """«готово: да»: a caller who heard this got what they called for."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase of «услышав»: `source` as written, `pattern` to search in a normalized utterance (see phrases.py)."""

    source: str
    pattern: re.Pattern[str]
    position: FileLocation
    variants: tuple[str, ...]
    """Every word sequence that the phrase expands into."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a question or an entry of «опасные слова»: how it is chosen and where it leads."""

    position: FileLocation
    next: Target
    key: str | None = None
    phrases: tuple[Phrase, ...] = ()
    remembered_facts: tuple[tuple[str, str], ...] = ()
    meanings: tuple[str, ...] = ()
    """«поняв»: what the caller may mean, in any wording; keys of vocabulary.FACTS_OF_MEANING."""


@dataclass(frozen=True, slots=True)
class Again:
    """Repeats the text played before the question, and the question."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Plays `prompt`, then waits `seconds` instead of the usual timeout of the question."""

    prompt: Text
    seconds: float


@dataclass(frozen=True, slots=True)
class Aside:
    """A global answer («на любой вопрос»), accepted by any question: «подождите», «повторите», a question back.

    After every response except a Target the question stays open.
    """

    position: FileLocation
    response: Again | Wait | Text | Target
    """A Text is the template of the id of an article to tell."""
    phrases: tuple[Phrase, ...] = ()
    meanings: tuple[str, ...] = ()

    @property
    def remembered_facts(self) -> tuple[tuple[str, str], ...]:
        """Always empty: a global answer gives only the facts of its meanings."""
        return ()


@dataclass(frozen=True, slots=True)
class Choice:
    """The caller chooses one of several answers."""

    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Digits:
    """The caller gives a number of `least` to `most` digits, stored as `fact`.

    DTMF input ends with `#`, with the digit number `most`, or with a pause; a number that is too short is a miss.
    """

    least: int
    most: int
    fact: str
    next: Target


@dataclass(frozen=True, slots=True)
class Ask:
    """«спроси»: asks a question and waits for DTMF digits, and for speech if it is recognized."""

    name: str
    position: FileLocation
    prompt: Text
    reply: Choice | Digits
    no_match_prompts: tuple[tuple[Text, ...], ...]
    """The prompts after the first miss, the second …; the next miss leads to `give_up`."""
    no_input_prompts: tuple[tuple[Text, ...], ...]
    give_up: Target
    timeout_seconds: float = 7.0
    uninterrupted: bool = False
    speech_prompt: Text | None = None
    """«вслух»: the question for callers with speech recognition; all others hear `prompt`, which names keys."""
    no_match_speech_prompts: tuple[tuple[Text, ...], ...] = ()
    """«не расслышал»: the prompts after utterances that match no answer; empty: `prompt` again."""
    is_speech_only: bool = False
    """«только вслух: да»: without speech recognition the caller goes to `give_up` at once."""
    no_input_target: Target | None = None
    """«ушёл»: the next step after the last silence; None: `give_up`, as after misses."""
    global_answers: tuple[Aside, ...] = ()
    """«на любой вопрос»: those of the script; empty if the question accepts no speech."""

    @property
    def answers(self) -> tuple[Answer, ...]:
        """The answers of a Choice; empty for Digits."""
        return self.reply.answers if isinstance(self.reply, Choice) else ()

    @property
    def phrases(self) -> tuple[Phrase, ...]:
        """All phrases that the question accepts, including those of global answers."""
        said: tuple[Answer | Aside, ...] = (*self.answers, *self.global_answers)
        return tuple(phrase for one in said for phrase in one.phrases)

    @property
    def meanings(self) -> tuple[str, ...]:
        """All meanings of the answers, without those of global answers."""
        return tuple(name for answer in self.answers for name in answer.meanings)

    @property
    def accepts_speech(self) -> bool:
        """Whether speech can answer the question. Digits accept speech only if a speech prompt asks for them."""
        if isinstance(self.reply, Digits):
            return self.is_speech_only or self.speech_prompt is not None
        return bool(self.phrases or self.meanings)


@dataclass(frozen=True, slots=True)
class Act:
    """«сделай»: runs an action and goes on by its outcome."""

    name: str
    position: FileLocation
    action: ActionSpec
    outcomes: Mapping[str, Target]
    give_up: Target
    """The next step when the action fails."""


@dataclass(frozen=True, slots=True)
class PutThrough:
    """«соедини»: puts the caller into a queue of dispatchers."""

    name: str
    position: FileLocation
    queue: str
    reason: str
    is_danger: bool = False
    prompt: Text | None = None
    reasons_by_failure: Mapping[str, str] = field(default_factory=dict)
    """«не понял», «молчит», «сбой» -> the reason that replaces `reason` when a step was given up for this failure."""


@dataclass(frozen=True, slots=True)
class Goodbye:
    """«попрощайся»: plays the prompt and hangs up."""

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
    """«опасные слова»: matched against every utterance, whatever is being played or asked."""
    articles: tuple[str, ...] = ()
    """All article ids known when the script was read; an id given by a caller's meaning is one of them."""
    global_answers: tuple[Aside, ...] = ()
    """«на любой вопрос»: see Aside."""


def list_texts(step: Step) -> tuple[Text, ...]:
    """Returns every text that the step may play; texts only for callers with speech recognition come last."""
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
    """Returns the texts that may be played without speech recognition, in file order."""
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
    """Yields every answer of every question with a Choice."""
    for step in steps:
        if isinstance(step, Ask):
            yield from step.answers


def list_article_ids(article: Text, answers: Iterable[Answer | Aside], names: Collection[str]) -> tuple[str, ...]:
    """Returns the ids that the template `article` («ответ») may resolve to.

    A fact in the template takes each value that «запомни» of `answers` gives it. A fact that a meaning gives may take
    any value: then each of the known ids `names` that fits the template counts.
    """
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
    """Returns every article id that the script may tell."""
    steps = script.steps.values()
    told = [step.content.article for step in steps if isinstance(step, Tell) and isinstance(step.content, Reference)]
    told += [aside.response for aside in script.global_answers if isinstance(aside.response, Text)]
    chosen: tuple[Answer | Aside, ...] = (*list_answers(steps), *script.dangers, *script.global_answers)
    ids = (id_ for article in told for id_ in list_article_ids(article, chosen, script.articles))
    return tuple(dict.fromkeys(ids))


def list_fixed_prompts(script: Script, answers: Mapping[str, str], *, with_speech: bool) -> tuple[str, ...]:
    """Returns every prompt that can be synthesized before a call: texts without facts, and told answers.

    `answers`: article id -> spoken text. `with_speech`: include the prompts for callers with speech recognition.
    """
    list_spoken = list_texts if with_speech else list_texts_by_keys
    texts = [text.fill_facts({}) for step in script.steps.values() for text in list_spoken(step)]
    told = [answers.get(article) for article in list_told_articles(script)]
    return tuple(dict.fromkeys(text for text in (*texts, *told) if text))
