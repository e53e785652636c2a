"""The notation of phrases, how they are found, and what is said about files that are wrong."""

import re
from pathlib import Path

import pytest

from callcenter.understanding.phrases.excerpt import excerpt
from callcenter.understanding.phrases.matching import PhraseBook, PhraseLine
from callcenter.understanding.phrases.notation import BrokenPhrase, DefinedWords, read_phrase
from callcenter.understanding.phrases.phrase_files import PhraseReader
from callcenter.understanding.words import read_words

NAMES = DefinedWords({"лифт": "(лифт|подъёмник)", "вниз": "<вверх>", "вверх": "<вниз>"})


def find(phrase: str, line: str) -> str | None:
    """The words of the line that are the phrase."""
    read = PhraseLine(read_words(line))
    found = list(PhraseBook([read_phrase(phrase, NAMES)]).find_matches(read))
    return read.join_words(found[0].span.mask) if found else None


@pytest.mark.parametrize(
    ("phrase", "line", "words"),
    [
        ("лифт стоит", "у нас стоят лифты", "стоят лифты"),
        ("(лифт|подъёмник) стоит", "подъемник стоял", "подъемник стоял"),
        ("<лифт> стоит", "лифт третий день стоит", "лифт стоит"),
        ("[опять] лифт стоит", "лифт стоит", "лифт стоит"),
        ("[опять] лифт стоит", "опять лифт стоит", "опять лифт стоит"),
        ("«до какого числа»", "платить до какого числа", "до какого числа"),
        ("«до какого числа»", "до сих пор какого числа", None),
        ("=горит", "горит дом", "горит"),
        ("=горит", "горел дом", None),
        ("(пахнет газом|дым) в подвале", "дымом тянет в подвале", "дымом в подвале"),
        ("(пахнет газом|дым) в подвале", "в подвале пахнет газом", "в подвале пахнет газом"),
        ("(пахнет газом|дым) в подвале", "в подвале пахнет", None),
        ("(пахнет газом|дым) в подвале", "газом пахнет", None),
        ("подтап*", "нас подтапливает", "подтапливает"),
        ("не работает", "лифт не работает", "не работает"),
        ("не работает", "лифт работает", None),
        ("работает", "лифт не работает", None),
        ("не греет", "не очень греют", "греют"),
        ("горячая #", "горячая сорок пять", "горячая сорок"),
        ("домофон", "дом афон", "дом афон"),
        ("прорвало", "про рвало", "про рвало"),
        ("батарея", "баторея течёт", "баторея"),
        ("лифт стоит", "лифт", None),
        ("не работает", "неработает", "неработает"),
        ("дымок", "дым ко мне", None),
    ],
)
def test_a_phrase_is_found(phrase: str, line: str, words: str | None) -> None:
    assert find(phrase, line) == words


@pytest.mark.parametrize(
    ("phrase", "told", "column"),
    [
        ("лифт (стоит", "скобка «(» не закрыта", 5),
        ("лифт стоит)", "лишний знак «)»", 10),
        ("лифт (|стоит)", "хотя бы одно слово", 6),
        ("лифт не", "после «не» нужно слово", 7),
        ("<лифд> стоит", "нет слова <лифд>", 1),
        ("<вниз>", "по кругу", 1),
        ("ли*", "хотя бы три буквы", 0),
        ("лифт & дверь", "непонятный знак «&»", 5),
    ],
)
def test_a_broken_phrase_is_named_with_its_column(phrase: str, told: str, column: int) -> None:
    with pytest.raises(BrokenPhrase, match=re.escape(told)) as caught:
        read_phrase(phrase, NAMES)
    assert caught.value.column == column


@pytest.mark.parametrize(
    ("phrase", "words", "shown"),
    [
        ("<лифт> (стоит|встал|замер) [опять|снова]", "лифт встал", "<лифт> (встал|…)"),
        ("(кот|пёс) (рыж*|бел*) [дома|у нас]", "пес рыжая у нас", "(пёс|…) (рыж*|…) [у нас|…]"),
        ("<лифт> (=я|«(мы|они) (в нём|внутри)»)", "мы внутри", "<лифт> («(мы|…) (внутри|…)»|…)"),
        ("(раз|два) три", "три", "(раз|…) три"),
    ],
)
def test_of_a_long_phrase_only_what_was_hit_is_shown(phrase: str, words: str, shown: str) -> None:
    assert excerpt(phrase, words) == shown


def test_words_far_apart_are_less_sure_than_words_together() -> None:
    book = PhraseBook([read_phrase("лифт стоит", NAMES)])
    near, far = (
        next(iter(book.find_matches(PhraseLine(read_words(line))))).span.quality
        for line in ("лифт стоит", "лифт у нас в самом центре города прямо с воскресенья стоит")
    )
    assert near == 1.0
    assert 0.5 <= far < 0.8


def test_faults_of_a_file_are_told_with_line_and_column(tmp_path: Path) -> None:
    (tmp_path / "words.yaml").write_text("words:\n  лифт: лифт\n  лишнее: слово\n", encoding="utf-8")
    (tmp_path / "categories.yaml").write_text(
        "phrases:\n  LIFT:\n    sure: |\n      <лифт> стоит\n      <лифт> стоит\n      <лифд> стоит\n"
        "      лифт (стоит\n    hnt: |\n      cтоит\n",
        encoding="utf-8",
    )
    reader = PhraseReader(tmp_path)
    entries = reader.read("categories")
    reader.report_unused_words()
    assert [phrase.source for phrase in entries[0].phrases("sure")] == ["<лифт> стоит"]
    assert [str(problem).removeprefix(f"{tmp_path}/") for problem in sorted(reader.problems)] == [
        "categories.yaml:5:7: фраза «<лифт> стоит» уже есть в строке 4; оставьте одну (PHR104)",
        "categories.yaml:6:8: нет слова <лифд>; может быть, <лифт>? (PHR102)",
        "categories.yaml:7:12: фраза «лифт (стоит» не читается: скобка «(» не закрыта (PHR101)",
        "categories.yaml:8:10: LIFT: неизвестный ключ «hnt»; бывают: sure, hint, against (PHR008)",
        "words.yaml:3:11: слово «лишнее» нигде не используется; уберите его или вставьте <лишнее> (PHR106)",
    ]
