"""Checks the meaning of a script that was parsed: transitions, known facts, articles, phrases and prompts.

Called by reader.py; docs/scripts.md lists the codes (IVR203, IVR301-IVR320).
"""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from callcenter.core.problems import FileLocation, Problem
from callcenter.dialogue.scripts.nodes import hint
from callcenter.dialogue.scripts.phrase_checks import check_phrases
from callcenter.dialogue.scripts.prompt_checks import check_prompts
from callcenter.dialogue.scripts.script import (
    PERSON_KEY,
    Act,
    Answer,
    Aside,
    Ask,
    Choice,
    Digits,
    Goodbye,
    PutThrough,
    Reference,
    Step,
    Target,
    Tell,
    Text,
    list_answers,
    list_article_ids,
    list_texts,
)
from callcenter.dialogue.scripts.vocabulary import FACTS_OF_MEANING

NOTICE_FACT = "уведомление о записи"
"""Pseudo-fact gained by the playback of the recording notice; lets `_check_facts` prove that the notice comes first."""


@dataclass(frozen=True, slots=True)
class ScriptDraft:
    """A parsed script file before the checks: the steps that were built, and the targets of those that could not be."""

    name: str
    start: Target | None
    steps: Mapping[str, Step]
    broken_step_targets: Mapping[str, frozenset[str]]
    positions: Mapping[str, FileLocation]
    dangers: tuple[Answer, ...]
    global_answers: tuple[Aside, ...]
    has_unknown_targets: bool
    """The targets of some step are unknown (see StepReader.has_unknown_targets), so reachability cannot be checked."""


@dataclass(frozen=True, slots=True)
class ScriptEdge:
    """A transition out of a step: the name of the next step and the facts gained on the way."""

    target: str
    gained_facts: frozenset[str] = frozenset()


def check_draft(draft: ScriptDraft, *, articles: Collection[str], initial_facts: Collection[str]) -> Iterator[Problem]:
    """Yields every problem of the draft, in no particular order. The parameters are those of `read_script`."""
    yield from _check_articles(draft, articles)
    yield from check_prompts(draft.steps.values())
    yield from check_phrases(draft.steps.values())
    yield from _check_exits_to_person(draft)
    yield from _check_silent_loops(draft)
    if draft.start is not None and not draft.has_unknown_targets:
        yield from _check_reachability(draft, draft.start.step)
    if draft.start is not None:
        yield from _check_facts(draft, draft.start.step, frozenset(initial_facts))
    for danger in draft.dangers:  # the engine acts on a danger only after the recording notice
        known = {*initial_facts, NOTICE_FACT, *list_gains(danger)}
        yield from _check_facts(draft, danger.next.step, frozenset(known))


def list_edges(step: Step) -> tuple[ScriptEdge, ...]:
    """Returns every transition out of a step."""
    match step:
        case Tell(content=words, next=following):
            told = ScriptEdge(following.step, frozenset({NOTICE_FACT} if step.is_recording_notice else ()))
            return (told, ScriptEdge(words.otherwise.step)) if isinstance(words, Reference) else (told,)
        case Ask(reply=Choice(answers)):
            chosen = (ScriptEdge(a.next.step, list_gains(a)) for a in answers)
            return (*chosen, *_list_failures(step))
        case Ask(reply=Digits(fact=fact, next=following)):
            return (ScriptEdge(following.step, frozenset({fact})), *_list_failures(step))
        case Act(action=action, outcomes=outcomes):
            ended = (ScriptEdge(to.step, frozenset(action.gives.get(name, ()))) for name, to in outcomes.items())
            return (*ended, ScriptEdge(step.give_up.step))
        case _:
            return ()


def _list_failures(ask: Ask) -> Iterator[ScriptEdge]:
    """Yields the transitions of a question that are not answers: give up, no input, global answers with a target."""
    yield from (ScriptEdge(target.step) for target in (ask.give_up, ask.no_input_target) if target is not None)
    yield from (ScriptEdge(aside.response.step) for aside in ask.global_answers if isinstance(aside.response, Target))


def list_gains(answer: Answer) -> frozenset[str]:
    """Returns the facts that an answer gives however it was chosen.

    A DTMF digit and a phrase give only the facts of «запомни». Facts of meanings count only if the answer can be chosen
    by meaning alone, and only those that all its meanings give.
    """
    gains = frozenset(name for name, _ in answer.remembered_facts)
    if answer.key is None and not answer.phrases and answer.meanings:
        gains |= frozenset.intersection(*(frozenset(FACTS_OF_MEANING[name]) for name in answer.meanings))
    return gains


def _check_articles(draft: ScriptDraft, articles: Collection[str]) -> Iterator[Problem]:
    answers = list_answers(draft.steps.values())
    chosen: tuple[Answer | Aside, ...] = (*answers, *draft.dangers, *draft.global_answers)
    tells = [step.content for step in draft.steps.values() if isinstance(step, Tell)]
    texts = [words.article for words in tells if isinstance(words, Reference)]
    for text in (*texts, *(aside.response for aside in draft.global_answers if isinstance(aside.response, Text))):
        ids = list_article_ids(text, chosen, articles)
        if not ids:
            message = f"«{text}»: имя ответа складывается только из фактов, которые дают «запомни» и «поняв»"
            yield Problem(text.position, "IVR203", message)
        for article in ids:
            if article not in articles:
                yield Problem(text.position, "IVR203", f"нет ответа «{article}»{hint(article, articles)}")


def _check_exits_to_person(draft: ScriptDraft) -> Iterator[Problem]:
    yield from _check_exits(draft, [("опасность", danger.next) for danger in draft.dangers])
    for step in draft.steps.values():
        exits: list[tuple[str, Target]] = []
        if isinstance(step, Ask | Act):
            exits.append(("«сдаться»", step.give_up))
        if isinstance(step, Ask) and isinstance(step.reply, Choice):
            exits += [("кнопка 0", answer.next) for answer in step.reply.answers if answer.key == PERSON_KEY]
        yield from _check_exits(draft, exits)


def _check_exits(draft: ScriptDraft, exits: Iterable[tuple[str, Target]]) -> Iterator[Problem]:
    for way, target in exits:
        stray = _find_end_without_person(draft, target.step)
        if stray is not None:
            message = f"{way} не ведёт к человеку, а ведёт к шагу «{stray}»; должно кончаться на «соедини»"
            yield Problem(target.position, "IVR304", message)


def _find_end_without_person(draft: ScriptDraft, start: str) -> str | None:
    """Returns the first step that hangs up or asks a question before a person is reached, or None.

    A question with «только вслух» may stand on the path, as long as all its answers lead to a person, too. Global
    answers are ignored: once a danger is reported, they cannot leave the question.
    """
    seen: set[str] = set()
    todo = deque([start])
    while todo:
        name = todo.popleft()
        step = draft.steps.get(name)
        if name in seen or step is None:
            continue
        seen.add(name)
        if isinstance(step, Goodbye) or (isinstance(step, Ask) and not step.is_speech_only):
            return name
        plain = replace(step, global_answers=()) if isinstance(step, Ask) else step
        todo.extend(edge.target for edge in list_edges(plain))
    return None


def _check_silent_loops(draft: ScriptDraft) -> Iterator[Problem]:
    """Yields each cycle of steps that never asks the caller anything (IVR305)."""
    silent = {name: step for name, step in draft.steps.items() if not isinstance(step, Ask)}
    reported: set[str] = set()
    for name, step in silent.items():
        path = _find_path({known: list_edges(other) for known, other in silent.items()}, name)
        if path and not reported & set(path):
            reported.update(path)
            circle = " → ".join(f"«{one}»" for one in path)
            yield Problem(step.position, "IVR305", f"круг без вопроса: {circle}; звонящий из него не выйдет")


def _find_path(edges: Mapping[str, tuple[ScriptEdge, ...]], start: str) -> tuple[str, ...]:
    """Returns the shortest cycle from `start` back to `start`; empty when there is none."""
    todo: deque[tuple[str, ...]] = deque([(start,)])
    seen: set[str] = set()
    while todo:
        path = todo.popleft()
        for edge in edges.get(path[-1], ()):
            if edge.target == start:
                return (*path, start)
            if edge.target not in seen:
                seen.add(edge.target)
                todo.append((*path, edge.target))
    return ()


def _check_reachability(draft: ScriptDraft, start: str) -> Iterator[Problem]:
    reached: set[str] = set()
    todo = [start, *(danger.next.step for danger in draft.dangers)]
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            step = draft.steps.get(name)
            todo += [edge.target for edge in list_edges(step)] if step else draft.broken_step_targets.get(name, ())
    for name, place in draft.positions.items():
        if name not in reached:
            yield Problem(place, "IVR302", f"до шага «{name}» никто не дойдёт; ведите в него откуда-нибудь или уберите")


def _check_facts(draft: ScriptDraft, start: str, given: frozenset[str]) -> Iterator[Problem]:
    needed: dict[str, list[tuple[str, FileLocation]]] = {}
    for step in draft.steps.values():
        for fact, place in _list_uses(step):
            needed.setdefault(fact, []).append((step.name, place))
    for fact, uses in needed.items():
        if fact in given:
            continue
        paths = _find_paths_without(draft, start, fact)
        for name, place in uses:
            if name not in paths:
                continue
            way = " → ".join(f"«{one}»" for one in paths[name])
            if fact == NOTICE_FACT:
                yield Problem(place, "IVR316", f"звонящего спрашивают или соединяют до слов о записи: {way}")
                break
            yield Problem(place, "IVR303", f"«{fact}» здесь ещё неизвестно, если идти так: {way}")


def _list_uses(step: Step) -> Iterator[tuple[str, FileLocation]]:
    for text in list_texts(step):
        yield from ((fact, text.position) for fact in text.facts)
    match step:
        case Tell(content=Reference(article=article)):
            yield from ((fact, article.position) for fact in article.facts)
        case Act(action=action):
            yield from ((fact, step.position) for fact in action.needs)
    if isinstance(step, Ask | PutThrough):
        yield NOTICE_FACT, step.position


def _find_paths_without(draft: ScriptDraft, start: str, fact: str) -> dict[str, tuple[str, ...]]:
    """Returns the steps that can be entered without `fact` being known, each with a shortest path to it.

    A path ends at a step that could not be built, because that step might give any fact.
    """
    paths: dict[str, tuple[str, ...]] = {start: (start,)}
    todo = deque([start])
    while todo:
        name = todo.popleft()
        step = draft.steps.get(name)
        for edge in list_edges(step) if step else ():
            if fact not in edge.gained_facts and edge.target not in paths:
                paths[edge.target] = (*paths[name], edge.target)
                todo.append(edge.target)
    return paths
