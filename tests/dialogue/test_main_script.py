"""The centre's own script: its talks hold it from every side, and it keeps what it must promise to any caller."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from callcenter.conducting.action_specs import CATEGORY, MARK_DANGER, REGISTER_TICKET
from callcenter.core.problems import FileLocation
from callcenter.dialogue.engine.answer_endings import PART_SECONDS, STORY_SECONDS, judge_pause
from callcenter.dialogue.engine.commands import Do, Hush, Listen, Say, ToQueue
from callcenter.dialogue.engine.priorities import DANGER_PRIORITY
from callcenter.dialogue.scripts.prompt_checks import MAX_MENU_KEYS
from callcenter.dialogue.scripts.rehearsal import Rehearsal, run_talk, run_talks
from callcenter.dialogue.scripts.script import (
    Act,
    Ask,
    Choice,
    Digits,
    Goodbye,
    PutThrough,
    Reference,
    Script,
    Step,
    Target,
    Tell,
    Text,
    list_texts_by_keys,
    list_told_articles,
)
from callcenter.dialogue.scripts.talks import Talk
from callcenter.dialogue.scripts.vocabulary import SPEECH_REQUEST_WORDS
from tests.dialogue.main_script import CARRY_OUT, FILE, KNOWLEDGE, MAIN, TALKS, TODAY, shipped_mind
from tests.dialogue.talking import Caller

NOWHERE = FileLocation(FILE, 1, 1)
STRANGE = "чужой шаг"


@pytest.fixture
def caller() -> Caller:
    return Caller(MAIN, KNOWLEDGE.render_answers(TODAY))


def test_every_talk_passes_and_every_step_is_in_one() -> None:
    assert len(TALKS) >= 180
    assert len([talk for talk in TALKS if talk.uses_speech]) >= 105
    assert run_talks(MAIN, TALKS, interpreter=shipped_mind(), get_outcome=CARRY_OUT) == []


def test_yes_and_no_are_waited_for_no_longer_where_more_may_be_said() -> None:
    check = MAIN.steps["проверка заявки"]
    assert isinstance(check, Ask)
    assert [judge_pause(check, text) for text in ("", "да верно", "нет")] == [PART_SECONDS] * 3
    assert judge_pause(check, "нет квартира") == STORY_SECONDS


def test_yes_is_a_yes_however_the_recognizer_spells_it() -> None:
    check = MAIN.steps["проверка заявки"]
    assert isinstance(check, Ask)
    assert [judge_pause(check, text) for text in ("всё верно", "все верно", "Всё, верно.")] == [PART_SECONDS] * 3


@pytest.mark.parametrize(
    ("said", "more"),
    [
        ("здравствуйте у нас нет горячей воды и лифт не работает", "LIFT_FAULT"),
        ("у нас нет горячей воды лифт не работает", "LIFT_FAULT"),
        ("на кухне прорвало трубу света нет", "EL_NONE_FLAT"),
        ("течёт батарея соседей заливает", ""),
        ("не работает лифт застрял на третьем", ""),
        ("у нас в подъезде нет света", ""),
        ("лифт застрял пустой на пятом этаже двери открыты", ""),
        ("лифт стоит двери не закрываются", ""),
    ],
)
def test_a_second_trouble_is_heard_whether_or_not_its_joining_word_is(said: str, more: str) -> None:
    assert shipped_mind().interpret(said, {}).meanings["неисправность"]["ещё"] == more


TAP = {"категория": "WAT_TAP_DRIP", "описание": "капает кран на кухне", "ещё": ""}


@pytest.mark.parametrize(
    ("said", "yes", "first", "more"),
    [
        ("да и ещё домофон не работает", True, "WAT_TAP_DRIP", "ICOM_FAULT"),
        ("верно но ещё лифт не работает", False, "WAT_TAP_DRIP", "LIFT_FAULT"),
        ("да течёт кран", True, "WAT_TAP_DRIP", ""),
        ("да все верно только это не кран а батарея", False, "HEAT_LEAK", ""),
        ("нет лифт не работает", False, "LIFT_FAULT", ""),
        ("ещё раз говорю лифт не работает", False, "LIFT_FAULT", ""),
    ],
)
def test_a_trouble_beside_a_yes_is_a_second_one_unless_the_first_is_taken_back(
    said: str, first: str, more: str, *, yes: bool
) -> None:
    meanings = shipped_mind().interpret(said, TAP).meanings
    assert ("да" in meanings) is yes
    assert (meanings["неисправность"]["категория"], meanings["неисправность"]["ещё"]) == (first, more)
    assert meanings.get("да", {}).get("ещё", "") == (more if yes else "")


@pytest.mark.parametrize("said", ["а", "э ну", "ой"])
def test_a_cough_or_a_hesitation_is_no_answer_and_no_miss(said: str) -> None:
    caller = Caller(MAIN, KNOWLEDGE.render_answers(TODAY), ear=True, mind=shipped_mind())
    caller.hears("Чем помочь?")
    caller.says(said)
    assert caller.remarks("miss") == []
    assert isinstance(caller.awaited, Listen)


def test_no_before_a_flat_takes_back_what_was_written_and_not_the_flat() -> None:
    facts = {"место": "улица: улица Есенина; дом: 1; корпус: 1", "спрошено": "apartment"}
    place = shipped_mind().interpret("нет квартира девяносто", facts).meanings["адрес"]["место"]
    assert place == "улица: улица Есенина; дом: 1; корпус: 1; квартира: 90"


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("да", "улица: проспект Энгельса; дом: 139; корпус: 1"),
        ("да квартира двенадцать", "улица: проспект Энгельса; дом: 139; корпус: 1; квартира: 12"),
        ("да верно парадная два", "улица: проспект Энгельса; дом: 139; корпус: 1; парадная: 2"),
        ("квартира двенадцать", "дом: 139; корпус: 1; квартира: 12"),
    ],
)
def test_a_yes_takes_the_house_proposed_with_what_else_is_said(said: str, place: str) -> None:
    facts = {"место": "дом: 139; корпус: 1", "спрошено": "guess"}
    assert shipped_mind().interpret(said, facts).meanings["адрес"]["место"] == place


def test_a_yes_takes_no_house_that_was_not_proposed() -> None:
    facts = {"место": "дом: 139; корпус: 1", "спрошено": "street"}
    assert "адрес" not in shipped_mind().interpret("ага", facts).meanings


def list_exits(step: Step, elsewhere: Target) -> Iterator[tuple[str, Target, Step]]:
    """Each way out of a step: its name, where it leads, and the step with this way leading `elsewhere`."""
    match step:
        case Tell(content=Reference() as words):
            yield "нет ответа", words.otherwise, replace(step, content=replace(words, otherwise=elsewhere))
            yield "затем", step.next, replace(step, next=elsewhere)
        case Tell():
            yield "затем", step.next, replace(step, next=elsewhere)
        case Ask(reply=Choice(answers)):
            for number, answer in enumerate(answers):
                changed = (*answers[:number], replace(answer, next=elsewhere), *answers[number + 1 :])
                yield f"кнопка {answer.key}", answer.next, replace(step, reply=Choice(changed))
            if step.no_input_target is not None:
                yield "ушёл", step.no_input_target, replace(step, no_input_target=elsewhere)
            yield "сдаться", step.give_up, replace(step, give_up=elsewhere)
        case Ask(reply=Digits() as digits):
            yield "цифры", digits.next, replace(step, reply=replace(digits, next=elsewhere))
            yield "сдаться", step.give_up, replace(step, give_up=elsewhere)
        case Act(outcomes=outcomes):
            for outcome, target in outcomes.items():
                yield f"исход {outcome}", target, replace(step, outcomes={**outcomes, outcome: elsewhere})
            yield "сдаться", step.give_up, replace(step, give_up=elsewhere)


def list_detours() -> Iterator[tuple[str, str | None, Script]]:
    """The script with one exit led astray, for each exit it has, and the step that has it; None: several have, or a
    danger. An answer that questions share is led astray in all of them."""
    words = Text(("Чужие слова.",), NOWHERE)
    goodbye = Goodbye(STRANGE, NOWHERE, words)
    shared = count_places()
    for step in MAIN.steps.values():
        for name, target, changed in list_exits(step, Target(STRANGE, NOWHERE)):
            if shared[target.position] == 1:
                ends = isinstance(MAIN.steps[target.step], Goodbye)
                strange = PutThrough(STRANGE, NOWHERE, "диспетчеры", "чужая") if ends else goodbye
                steps = {**MAIN.steps, step.name: changed, STRANGE: strange}
                yield f"{step.name}: {name}", step.name, replace(MAIN, steps=steps)
    for place in [place for place, count in shared.items() if count > 1]:
        yield f"общий ответ, строка {place.line}", None, lead_astray(place, goodbye)
    for aside in MAIN.global_answers:
        rest = tuple(one for one in MAIN.global_answers if one != aside)
        steps = {
            name: replace(step, global_answers=rest) if isinstance(step, Ask) else step
            for name, step in MAIN.steps.items()
        }
        yield f"на любой вопрос, строка {aside.position.line}", None, replace(MAIN, steps=steps, global_answers=rest)
    for number, danger in enumerate(MAIN.dangers):
        strange_danger = replace(danger, next=Target(STRANGE, NOWHERE))
        dangers = (*MAIN.dangers[:number], strange_danger, *MAIN.dangers[number + 1 :])
        yield (
            f"опасные слова {number}",
            None,
            replace(MAIN, steps={**MAIN.steps, STRANGE: goodbye}, dangers=dangers),
        )


def count_places() -> Counter[FileLocation]:
    """How many exits are written at each place of the file."""
    exits = (exit_ for step in MAIN.steps.values() for exit_ in list_exits(step, Target(STRANGE, NOWHERE)))
    return Counter(target.position for _, target, _ in exits)


def lead_astray(place: FileLocation, strange: Step) -> Script:
    """The script in which every answer written at `place` leads astray."""
    steps: dict[str, Step] = {**MAIN.steps, STRANGE: strange}
    away = Target(STRANGE, NOWHERE)
    for step in MAIN.steps.values():
        if isinstance(step, Ask) and isinstance(step.reply, Choice):
            answers = [replace(one, next=away) if one.next.position == place else one for one in step.answers]
            steps[step.name] = replace(step, reply=Choice(tuple(answers)))
    return replace(MAIN, steps=steps)


def find_entered(talk: Talk) -> frozenset[str]:
    """The steps that a talk enters: only these can it see led astray."""
    answers = {article: f"Ответ {article}." for article in list_told_articles(MAIN)}
    silenced = {article: text for article, text in answers.items() if article not in talk.unavailable_articles}
    rehearsal = Rehearsal(MAIN, talk, silenced, shipped_mind(), CARRY_OUT)
    rehearsal.play()
    return frozenset(rehearsal.entered)


def test_no_exit_can_lead_astray_without_a_talk_that_sees_it() -> None:
    entered = [(talk, find_entered(talk)) for talk in TALKS]
    unseen = []
    for name, step, script in list_detours():
        watching = (talk for talk, steps in entered if step is None or step in steps)
        if not any(run_talk(script, talk, interpreter=shipped_mind(), get_outcome=CARRY_OUT) for talk in watching):
            unseen.append(name)
    assert unseen == []


def test_zero_at_the_first_prompt_is_a_person_at_once(caller: Caller) -> None:
    caller.hears("ситуационный центр")
    caller.presses("0")
    assert [type(command) for command in caller.last if isinstance(command, Hush | Say)] == [Hush, Say]
    caller.hears("Соединяю с диспетчером")
    caller.hears_out()
    assert caller.end == ToQueue("просит диспетчера", 0)


def test_nine_marks_the_danger_before_anything_is_asked(caller: Caller) -> None:
    caller.hears("нажмите девять")
    caller.presses("9")
    assert [(command.action, command.arguments) for command in caller.last if isinstance(command, Do)] == [
        (MARK_DANGER, {CATEGORY: "PERSON_DANGER"})
    ]


@pytest.mark.parametrize("key", ["1", "2", "3", "4", "0"])
def test_whoever_named_a_danger_stands_first_in_the_queue(caller: Caller, key: str) -> None:
    caller.hears("нажмите девять")
    caller.presses("9")
    caller.action_ends("готово")
    caller.presses(key)
    if isinstance(caller.awaited, Do):
        caller.action_ends("готово")
    caller.hears_out()
    if isinstance(caller.awaited, Do):  # nobody hears this caller, so no address is asked for
        caller.action_ends("не весь", {"вопрос об адресе": "Где?"})
        caller.hears_out()
    assert isinstance(caller.end, ToQueue)
    assert caller.end.priority == DANGER_PRIORITY


def test_the_breakdown_menu_offers_the_five_categories_of_the_knowledge_base() -> None:
    """Each offered category is registered behind its own key, at most one question further."""
    menu = MAIN.steps["что сломалось"]
    assert isinstance(menu, Ask)
    assert isinstance(menu.reply, Choice)
    for category in KNOWLEDGE.categories:
        if category.menu_position is not None:
            (answer,) = [answer for answer in menu.reply.answers if answer.key == str(category.menu_position)]
            behind = MAIN.steps[answer.next.step]
            found = [answer]
            if isinstance(behind, Ask) and isinstance(behind.reply, Choice):
                found += behind.reply.answers
            assert (CATEGORY, category.code) in [fact for one in found for fact in one.remembered_facts]


def test_every_breakdown_is_warned_of_before_it_is_registered() -> None:
    """Whatever category can be registered or marked, the robot has safety words for it today."""
    told = KNOWLEDGE.render_answers(TODAY)
    asks = (step for step in MAIN.steps.values() if isinstance(step, Ask) and isinstance(step.reply, Choice))
    replies = [step.reply for step in asks if isinstance(step.reply, Choice)]
    codes = {
        value
        for reply in replies
        for answer in reply.answers
        for name, value in answer.remembered_facts
        if name == CATEGORY
    }
    assert len(codes) >= 9
    assert [code for code in sorted(codes) if f"безопасность:{code}" not in told] == []


def test_no_menu_is_longer_than_five_and_no_prompt_promises_an_ear() -> None:
    for step in MAIN.steps.values():
        if isinstance(step, Ask) and isinstance(step.reply, Choice):
            keys = [answer.key for answer in step.reply.answers if answer.key is not None]
            assert len([key for key in keys if key not in "0*"]) <= MAX_MENU_KEYS
        for text in list_texts_by_keys(step):
            assert not set(str(text).lower().replace(",", " ").split()) & set(SPEECH_REQUEST_WORDS), step.name


def test_a_ticket_is_promised_no_number_while_the_database_is_away(caller: Caller) -> None:
    caller.hears("нажмите один")
    caller.presses("12")
    caller.hears_out()
    caller.action_ends("известен", {"контакт": "+79211234567"})
    caller.presses("1")
    assert isinstance(caller.awaited, Do)
    assert caller.awaited.action == REGISTER_TICKET
    caller.action_ends("нет базы")
    caller.hears("он вам перезвонит")
    said = " ".join(command.text for command in caller.log if isinstance(command, Say))
    assert "Её номер" not in said
    caller.hears_out()
    assert isinstance(caller.end, ToQueue)


@pytest.mark.parametrize("text", ["диджею с утра", "блядь", "пал одинокой нашем опечатайте балкон", "пошёл выход алё"])
def test_noise_and_swearing_are_no_questions_for_the_owner(text: str) -> None:
    caller = Caller(MAIN, {}, ear=True, mind=shipped_mind())
    caller.says(text)
    assert caller.remarks("unanswered") == []


@pytest.mark.parametrize("text", ["можно ли кормить кошек", "какая сегодня погода"])
def test_a_question_the_knowledge_base_knows_nothing_of_is_kept_for_its_owner(text: str) -> None:
    caller = Caller(MAIN, {}, ear=True, mind=shipped_mind())
    caller.says(text)
    assert caller.remarks("unanswered") == [{"text": text}]


def test_words_said_before_a_key_are_not_what_the_key_asked() -> None:
    caller = Caller(MAIN, {}, ear=True, mind=shipped_mind())
    caller.says("диджею с утра")
    caller.hears_out()
    caller.presses("25")
    assert caller.remarks("unanswered") == [{"text": "", "article": "KB27"}]
