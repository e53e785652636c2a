"""One broken script per rule: the code, the very place, the mend, and no echo of the mistake elsewhere."""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import pytest

from callcenter.core.problems import FileLocation, Problem
from callcenter.settings import TREE
from tests.dialogue.talking import SMALL, read

GOOD = SMALL.read_text(encoding="utf-8")
MARK = "§"  # stands in a planted mistake where the finding must point to; it is no part of the file


@dataclass(frozen=True)
class Slip:
    """`told`: a part of what the director reads. `changes`: what of the good script becomes what."""

    code: str
    told: str
    changes: tuple[tuple[str, str], ...]


def slip(code: str, told: str, *changes: tuple[str, str]) -> Slip:
    return Slip(code, told, changes)


LETTERS_AND_MARKS = [
    slip("IVR003", "наберите слово заново", ("До свидания!", f"До свидани{MARK}{unicodedata.normalize('NFD', 'й')}!")),
    slip("IVR004", "«сцeнарий» латинские буквы (e)", ("сценарий:", f"{MARK}сцeнарий:")),
    slip("IVR004", "латинские буквы (e, o)", ("затем: телефон", f"затем: {MARK}тeлефoн")),
    slip("IVR004", "«c»", ("скажи: Здравствуйте!", f"скажи: Здравствуйте {MARK}c утра!")),
    slip("IVR005", "табуляции", ("    ответ: KB01", f"{MARK}\tответ: KB01")),
    slip("IVR005", "кавычка открыта", ("попрощайся: До свидания!", f'попрощайся: {MARK}"До свидания!')),
    slip(
        "IVR005", "скобка открыта", ("запомни: номер, затем: повтор номера}", "запомни: номер"), ("{от", f"{MARK}{{от")
    ),
    slip("IVR005", "двоеточие внутри", ("попрощайся: До свидания!", f"попрощайся: Итак{MARK}: до свидания!")),
    slip("IVR005", "отступ", ("  прощание:", f" {MARK}прощание:")),
    slip("IVR006", "уже был в строке 57", ("    опасность: да", f"    {MARK}причина: дважды")),
    slip("IVR007", "в кавычки", ("сказав: Соединяю.", f"сказав: {MARK}&слова Соединяю.")),
    slip("IVR007", "в кавычки", ("сказав: Соединяю.", f"сказав: {MARK}*слова")),
    slip("IVR007", "в кавычки", ("сказав: Соединяю.", f"сказав: {MARK}!важно Соединяю.")),
    slip("IVR007", "в кавычки", ("- нажав: 3", f"- нажав: {MARK}*")),
    slip("IVR005", "возьмите его в кавычки", ("сказав: Соединяю.", f"сказав: {MARK}@диспетчер")),
    slip("IVR010", "берут в кавычки", ("    сказав: Соединяю.", f"    {MARK}{{сказав}}: Соединяю.")),
]
WORDS = [
    slip("IVR101", "может быть, «уведомление»?", ("    уведомление: да", f"    {MARK}увидомление: да")),
    slip("IVR101", "неизвестное слово «громко»", ("    сказав: Соединяю.", f"    {MARK}громко: да")),
    slip(
        "IVR102",
        "нет обязательного слова «причина»",
        ("    причина: опасность\n", ""),
        ("срочно:\n", f"{MARK}срочно:\n"),
    ),
    slip(
        "IVR102",
        "нет обязательного слова «сдаться»",
        ("  телефон:", f"  {MARK}телефон:"),
        ('{вопрос}"\n    сдаться: человек', '{вопрос}"'),
    ),
    slip(
        "IVR103",
        "нужен список",
        ("цифры: {от: 3, до: 5, запомни: номер, затем: повтор номера}", f"ответы: {MARK}любой"),
        ("{номер}", "123"),
    ),
    slip("IVR103", "возьмите его в кавычки", ('скажи: "Номер {номер}."', f"скажи: {MARK}{{номер}}")),
    slip("IVR103", "{имя: значение}", ("запомни: {категория: WATER}", f"запомни: {MARK}WATER")),
    slip(
        "IVR104",
        "шаг «прощание» ничего не делает",
        ("    попрощайся: До свидания!\n", ""),
        ("  прощание:", f"  {MARK}прощание:"),
    ),
    slip("IVR105", "сделайте из него два шага", ("    опасность: да", f"    {MARK}скажи: Соединяю.")),
    slip(
        "IVR105",
        "и «ответы», и «цифры»",
        ("  телефон:", f"  {MARK}телефон:"),
        ("    не понял: [Мало", "    ответы: [{нажав: 1, затем: человек}]\n    не понял: [Мало"),
    ),
    slip("IVR106", "здесь пусто", ("попрощайся: До свидания!", f"попрощайся: {MARK}''")),
    slip("IVR107", "пишите {имя факта}", ('"Номер {номер}."', f'{MARK}"Номер {{номер."')),
    slip("IVR107", "пишите {имя факта}", ('"Номер {номер}."', f'{MARK}"Номер {{номер}} {{}}."')),
    slip("IVR108", "нужен один текст или два", ("[Мало цифр., Наберите три цифры.]", f"{MARK}[Раз., Два., Три.]")),
    slip("IVR109", "«да» или «нет», а не «ага»", ("опасность: да", f"опасность: {MARK}ага")),
    slip("IVR110", "от 1 до 20, а не «ноль»", ("{от: 3,", f"{{от: {MARK}ноль,")),
    slip("IVR110", "больше, чем «до»", ("{от: 3,", f"{MARK}{{от: 6,")),
    slip(
        "IVR110",
        "от 3 до 30, а не «60»",
        ("    сдаться: человек\n  телефон:", f"    сдаться: человек\n    ждать: {MARK}60\n  телефон:"),
    ),
    slip("IVR111", "скобка не закрыта", ("у нас <вода>", f"{MARK}у нас (<вода>")),
    slip("IVR111", "закрывающая скобка", ("(течёт|прорвало)", f"{MARK}течёт)")),
    slip("IVR111", "по кругу", ("(течёт|прорвало)", f"{MARK}(течёт|<вода>)")),
    slip("IVR111", "без пары", ("у нас <вода>", f"{MARK}у нас <вода> >")),
    slip("IVR112", "его нельзя выбрать", ("- нажав: 3\n        затем", f"- {MARK}затем")),
    slip("IVR113", "нет кнопки «33»", ("- нажав: 3", f"- нажав: {MARK}33")),
    slip("IVR113", "бывают 0-9", ("- нажав: 3", f"- нажав: {MARK}три")),
]
NAMES = [
    slip("IVR201", "может быть, «повтор номера»?", ("затем: повтор номера}", f"затем: {MARK}повтор номеров}}")),
    slip("IVR201", "нет шага «ку-ку»; есть: приветствие, ", ("начать с: приветствие", f"начать с: {MARK}ку-ку")),
    slip("IVR202", "может быть, «записать»?", ("сделай: записать", f"сделай: {MARK}запесать")),
    slip("IVR203", "нет ответа «KB09»; может быть, «KB0", ("ответ: KB01", f"ответ: {MARK}KB09")),
    slip(
        "IVR203",
        "которые дают «запомни» и «поняв»",
        ("ответ: KB01", f"ответ: {MARK}'{{номер}}'"),
        ("        затем: справка\n", "        затем: телефон\n"),
        ('"Номер {номер}."\n    затем: что случилось', '"Номер {номер}."\n    затем: справка'),
    ),
    slip(
        "IVR204",
        "может быть, «диспетчеры»?",
        ("соедини: диспетчеры\n    причина: просит", f"соедини: {MARK}диспечеры\n    причина: просит"),
    ),
    slip("IVR205", "нет слова <воды>; может быть, «вода»?", ("у нас <вода>", f"{MARK}у нас <воды> <вода>")),
    slip(
        "IVR206",
        "нет исхода «готова»; может быть, «готово»?",
        ("      готово: записано", f"      {MARK}готова: записано"),
    ),
    slip(
        "IVR207",
        "«категория» не бывает «WATTER»; может быть, «WATER»?",
        ("категория: WATER", f"категория: {MARK}WATTER"),
    ),
    slip(
        "IVR208",
        "не сказано, что делать при исходе «нет базы»",
        ("      готово: записано\n      нет базы: человек", f"      {MARK}готово: записано"),
    ),
]
SENSE = [
    slip(
        "IVR301",
        "кнопка 2 уже занята ответом в строке 21",
        ("- нажав: 3", f"- {MARK}нажав: 2"),
        (" Номер, нажмите три.", ""),
    ),
    slip(
        "IVR302",
        "до шага «забытый» никто не дойдёт",
        ("  прощание:", f"  {MARK}забытый:\n    попрощайся: Пока.\n  прощание:"),
    ),
    slip(
        "IVR303",
        "«контакт» здесь ещё неизвестно, если идти так: «приветствие» → «что случилось»",
        ('"Номер {номер}."', f'{MARK}"Номер {{контакт}}."'),
    ),
    slip(
        "IVR303",
        "«категория» здесь ещё неизвестно",
        ("        запомни: {категория: WATER}\n", ""),
        ("  заявка:\n", f"  {MARK}заявка:\n"),
    ),
    slip(
        "IVR304",
        "«сдаться» не ведёт к человеку, а ведёт к шагу «прощание»",
        ('{вопрос}"\n    сдаться: человек', f'{{вопрос}}"\n    сдаться: {MARK}прощание'),
    ),
    slip(
        "IVR304",
        "кнопка 0 не ведёт к человеку",
        ("        затем: срочно\n", f"        затем: срочно\n      - нажав: 0\n        затем: {MARK}телефон\n"),
    ),
    slip(
        "IVR305",
        "круг без вопроса: «заявка» → «записано» → «заявка»",
        ("    затем: прощание\n  справка:", "    затем: заявка\n  справка:"),
        ("  заявка:\n", f"  {MARK}заявка:\n"),
    ),
    slip("IVR306", "подходит к чему угодно", ("у нас <вода>", f"{MARK}(у нас <вода>|)")),
    slip("IVR306", "хотя бы одно слово", ("(течёт|прорвало)", f"{MARK}()")),
    slip(
        "IVR307",
        "а на слух держат 20",
        ("попрощайся: До свидания!", f"попрощайся: {MARK}{'До свидания, до свидания. ' * 12}"),
    ),
    slip(
        "IVR308",
        "в меню 6 пунктов",
        ("  что случилось:", f"  {MARK}что случилось:"),
        (
            "        затем: срочно\n",
            "        затем: срочно\n      - {нажав: 4, затем: человек}\n      - {нажав: 5, затем: человек}\n",
        ),
        ("Газ, нажмите девять.", "Газ, нажмите девять. Чай, нажмите четыре. Мёд, нажмите пять."),
    ),
    slip("IVR309", "робот слышит не всегда", ("попрощайся: До свидания!", f"попрощайся: {MARK}Скажите «до свидания».")),
    slip("IVR310", "сказано нажать 8", ("спроси: Авария,", f"спроси: {MARK}Чай, нажмите восемь. Авария,")),
    slip(
        "IVR311", "о кнопке 9 звонящему не говорят", (" Газ, нажмите девять.", ""), ("- нажав: 9", f"- {MARK}нажав: 9")
    ),
    slip(
        "IVR312", "только услышать", ("- нажав: 1\n        услышав", f"- {MARK}услышав"), ("Авария, нажмите один.", "")
    ),
    slip("IVR313", "уже есть в строке 18", ("- нажав: 2\n", f"- нажав: 2\n        услышав: {MARK}у нас <вода>\n")),
    slip(
        "IVR317",
        "раньше подойдёт «у нас <вода>» в строке 18",
        ("- нажав: 2\n", f"- нажав: 2\n        услышав: {MARK}у нас прорвало трубу\n"),
    ),
    slip(
        "IVR318",
        "хоть один ответ можно услышать",
        ("слова:\n  вода: (течёт|прорвало)\n", ""),
        ("        услышав: у нас <вода>\n", ""),
        ("спроси: Авария,", f"вслух: {MARK}Что у вас?\n    спроси: Авария,"),
    ),
    slip(
        "IVR210",
        "может быть, «о деле»?",
        ("шаги:\n", "общие ответы:\n  о деле:\n    - нажав: 7\n      затем: справка\n\nшаги:\n"),
        ("Авария", "Семь, нажмите семь. Авария"),
        ("- нажав: 2\n", f"- как в: {MARK}о делах\n      - нажав: 2\n"),
    ),
    slip("IVR103", "«общие ответы»", ("шаги:\n", f"общие ответы:\n  {MARK}о деле: да\n\nшаги:\n")),
    slip("IVR103", "«на любой вопрос»", ("шаги:\n", f"на любой вопрос: {MARK}да\n\nшаги:\n")),
    slip(
        "IVR105",
        "нужно одно из: повтори",
        ("шаги:\n", f"на любой вопрос:\n  - {MARK}услышав: громче\n\nшаги:\n"),
    ),
    slip("IVR209", "может быть, «справка»?", ("- нажав: 2\n", f"- нажав: 2\n        поняв: {MARK}справкка\n")),
    slip(
        "IVR319",
        "«отмена» сюда не попадёт",
        (
            "- нажав: 2\n        затем: справка\n",
            "- нажав: 2\n        поняв: отмена\n        затем: справка\n"
            f"      - {MARK}поняв: отмена\n        затем: справка\n",
        ),
    ),
    slip(
        "IVR320",
        "«вслух» в нём лишнее",
        ("спроси: Наберите номер.", f"спроси: Наберите номер.\n    только вслух: да\n    вслух: {MARK}Номер?"),
    ),
    slip(
        "IVR304",
        "опасность не ведёт к человеку",
        ("обычно:\n", f"опасные слова:\n  - услышав: газ\n    затем: {MARK}телефон\nобычно:\n"),
    ),
    slip(
        "IVR102",
        "нет обязательного слова «услышав»",
        ("обычно:\n", f"опасные слова:\n  - {MARK}затем: срочно\nобычно:\n"),
    ),
    slip("IVR314", "слово «газ» нигде не используется", ("  вода: (", f"  {MARK}газ: (пахнет)\n  вода: (")),
    slip(
        "IVR315", "добавьте «дослушать: да»", ("    дослушать: да\n", ""), ("  приветствие:", f"  {MARK}приветствие:")
    ),
    slip(
        "IVR316",
        "до слов о записи: «приветствие» → «что случилось»",
        ("    уведомление: да\n", ""),
        ("  что случилось:", f"  {MARK}что случилось:"),
    ),
]
SLIPS = [*LETTERS_AND_MARKS, *WORDS, *NAMES, *SENSE]
NOT_FATAL = {"IVR314"}


def plant(directory: Path, *changes: tuple[str, str]) -> tuple[Path, int, int]:
    """The good script with `changes`, and the line and column of the mark."""
    text = GOOD
    for before, after in changes:
        assert text.count(before) == 1, f"«{before}» stands {text.count(before)} times in the good script"
        text = text.replace(before, after)
    assert text.count(MARK) == 1
    begin = text[: text.index(MARK)]
    file = directory / "broken.yaml"
    file.write_text(text.replace(MARK, ""), encoding="utf-8")
    return file, begin.count("\n") + 1, len(begin) - begin.rfind("\n")


def test_the_good_script_is_good() -> None:
    script, problems = read(SMALL)
    assert script is not None
    assert problems == []


@pytest.mark.parametrize("planted", SLIPS, ids=lambda planted: f"{planted.code} {planted.told}")
def test_one_mistake_is_one_finding_at_its_place_with_its_mend(planted: Slip, tmp_path: Path) -> None:
    file, line, column = plant(tmp_path, *planted.changes)
    script, problems = read(file)
    assert [str(problem) for problem in problems] == [
        str(problem) for problem in problems if problem.code == planted.code
    ]
    (found,) = problems
    assert (found.code, found.position.file, found.position.line, found.position.column) == (
        planted.code,
        file,
        line,
        column,
    )
    assert planted.told in found.message
    assert found.fatal is (planted.code not in NOT_FATAL)
    assert (script is None) is found.fatal


# --- the file as a whole


def test_a_byte_order_mark_is_named_and_hides_nothing(tmp_path: Path) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text("\ufeff" + GOOD.replace("затем: справка", "затем: спрвка"), encoding="utf-8")
    assert codes(file) == ["1:1 IVR001", "22:16 IVR201"]


def test_windows_1251_is_named_with_its_first_letter(tmp_path: Path) -> None:
    file = tmp_path / "broken.yaml"
    file.write_bytes(b"# note\n" + GOOD.encode("cp1251"))
    (found,) = read(file)[1]
    assert (found.position.line, found.position.column, found.code) == (2, 1, "IVR002")
    assert "Windows-1251" in found.message


def test_the_line_ends_of_windows_do_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "good.yaml"
    file.write_bytes(GOOD.replace("\n", "\r\n").encode())
    assert read(file)[1] == []
    file.write_bytes(GOOD.replace("затем: справка", "затем: спрвка").replace("\n", "\r\n").encode())
    assert codes(file) == ["22:16 IVR201"]


def test_a_file_that_is_not_there_or_is_no_file_is_named(tmp_path: Path) -> None:
    assert codes(tmp_path / "missing.yaml") == ["0:0 IVR008"]
    assert codes(tmp_path) == ["0:0 IVR008"]


@pytest.mark.parametrize("text", ["", "\n\n", "# только пометка\n", "---\n"])
def test_an_empty_file_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "empty.yaml"
    file.write_text(text, encoding="utf-8")
    script, problems = read(file)
    assert script is None
    assert [problem.code for problem in problems] == ["IVR009"]


def test_a_file_nested_without_end_is_refused_and_not_followed(tmp_path: Path) -> None:
    file = tmp_path / "deep.yaml"
    file.write_text("шаги: " + "[" * 500 + "]" * 500, encoding="utf-8")
    assert "IVR005" in {problem.code for problem in read(file)[1]}


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = GOOD
    planted = (
        ("сценарий:", "сцeнарий:"),
        ("уведомление: да", "уведомление: угу"),
        ("{категория: WATER}", "{категория: WETER}"),
        ("{от: 3,", "{от: 33,"),
        ("сделай: записать", "сделай: запесать"),
        ("ответ: KB01", "ответ: KB07"),
        ("затем: прощание\n    нет", "затем: пращание\n    нет"),
        ("соедини: диспетчеры\n    причина: опасность", "соедини: дежурные\n    причина: опасность"),
        ("попрощайся: До свидания!", "попрощайся: Скажите «пока»."),
    )
    for before, after in planted:
        assert text.count(before) == 1
        text = text.replace(before, after)
    file = tmp_path / "broken.yaml"
    file.write_text(text, encoding="utf-8")
    problems = read(file)[1]
    told = ["IVR004", "IVR109", "IVR207", "IVR110", "IVR202", "IVR203", "IVR201", "IVR204", "IVR309"]
    assert [problem.code for problem in problems] == told
    assert problems == sorted(problems)


def test_a_finding_reads_as_file_line_column_message_and_code() -> None:
    problem = Problem(FileLocation(Path("main.yaml"), 12, 16), "IVR201", "нет шага «адрис»; может быть, «адрес»?")
    assert str(problem) == "main.yaml:12:16: нет шага «адрис»; может быть, «адрес»? (IVR201)"


def test_every_rule_of_the_reader_has_its_broken_script() -> None:
    rooms = [file.read_text(encoding="utf-8") for file in (TREE / "callcenter" / "dialogue").rglob("*.py")]
    rules = set(re.findall(r'"(IVR\d{3})"', "\n".join(rooms)))
    of_whole_files = {"IVR001", "IVR002", "IVR008", "IVR009"}
    of_talks = {"IVR401", "IVR402", "IVR403", "IVR404", "IVR410", "IVR411"}  # test_talks.py
    assert rules == {one.code for one in SLIPS} | of_whole_files | of_talks


def codes(file: Path) -> list[str]:
    return [f"{problem.position.line}:{problem.position.column} {problem.code}" for problem in read(file)[1]]
