"""A line as a recogniser or a person writes it, read into words: lemmas, parts of speech, likeness of sound."""

import re
import tomllib
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import pymorphy3
from pymorphy3.units import DictionaryAnalyzer
from rapidfuzz.distance import OSA

_TOKEN = re.compile(r"[а-я]+|[a-z]+|[0-9]+")
_STRESS = re.compile("[\u0300\u0301]")
_PHONETIC_RULES = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"[тд]ь?с(?=[яа]|к|т|$)", "ц"),
        (r"[сзж]ч|шч", "щ"),
        (r"стн", "сн"),
        (r"здн", "зн"),
        (r"(?<=[ое])го$", "во"),
    )
)
_PHONETIC_CLASSES = str.maketrans("еияэыоаюбвгджз", "иииииааупфктшс", "ьъй")
_REPEATED_LETTER = re.compile(r"(.)\1+")
_ENDING = re.compile(r"(?:ца|с[аи]?)?$")
_VOWEL_ENDING = re.compile(r"[аиу]+(?:т|ти|ш|м|ми|х|ф|фа|му|л|ла|ли)?[аиу]*$")
"""Of sounds: the endings of nouns, adjectives and verbs."""


_CASES = frozenset({"nomn", "gent", "datv", "accs", "ablt", "loct"})
_GENDERS_AND_NUMBERS = frozenset({"masc", "femn", "neut", "plur"})


@dataclass(frozen=True, slots=True)
class Form:
    """One reading of a word by the dictionary."""

    lemma: str
    part_of_speech: str
    """OpenCorpora's part of speech: NOUN, VERB, INFN, ADJF, NUMR ...; empty when the dictionary gives none."""
    grammemes: frozenset[str]
    """OpenCorpora's grammemes: past, plur, gent, Surn, Geox ..."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a line."""

    text: str
    """Lower case, `ё` as `е`; letters only or digits only."""
    separator: str
    """What stands between the word before and this one, spaces stripped: empty in a recogniser's line, `-`, `/`, `,`
    in a typed one."""
    is_attached: bool
    """True when it touches the word or the sign before it: `12а`, `5/2`, `1-я`."""
    parses: tuple[Form, ...]
    """The readings, the likeliest first; none for digits and for Latin letters."""
    lemmas: tuple[str, ...]
    """The lemmas of `parses` without repetition; the word itself when there are none."""
    in_dictionary: bool
    """In the dictionary; False for names it lacks, for broken words, and for readings it only guessed."""
    is_filler: bool

    @property
    def lemma(self) -> str:
        """The likeliest lemma."""
        return self.lemmas[0]

    @property
    def is_number(self) -> bool:
        """Written in digits."""
        return self.text.isdecimal()

    def has_lemma(self, *lemmas: str) -> bool:
        """Whether one of its readings has one of these lemmas."""
        return any(lemma in lemmas for lemma in self.lemmas)

    def has_part_of_speech(self, *parts: str) -> bool:
        """Whether one of its readings is one of these parts of speech."""
        return any(form.part_of_speech in parts for form in self.parses)


def fold(text: str) -> str:
    """Lower case, `ё` as `е`, stress marks gone: how words are compared everywhere here."""
    return _STRESS.sub("", unicodedata.normalize("NFC", text)).lower().replace("ё", "е")


def read_words(text: str) -> tuple[Word, ...]:
    """The words of a line in their order. Punctuation is kept as `gap`; hyphenated words are two: «что-то»."""
    folded = fold(text)
    words: list[Word] = []
    end = 0
    for found in _TOKEN.finditer(folded):
        between = folded[end : found.start()]
        forms, lemmas, known = look_up(found[0])
        glued = bool(words) and not between[-1:].isspace()
        words.append(Word(found[0], between.strip(), glued, forms, lemmas, known, found[0] in _read_fillers()))
        end = found.end()
    return tuple(words)


@lru_cache(maxsize=65536)
def look_up(word: str) -> tuple[tuple[Form, ...], tuple[str, ...], bool]:
    """The readings of a folded word, its lemmas, and whether the dictionary has it."""
    if not "а" <= word[0] <= "я":
        return (), (word,), word.isdecimal()
    parses = _get_analyzer().parse(word)
    forms = tuple(
        Form(fold(parse.normal_form), str(parse.tag.POS or ""), frozenset(parse.tag.grammemes)) for parse in parses
    )
    known = any(isinstance(parse.methods_stack[-1][0], DictionaryAnalyzer) for parse in parses)  # not sought again
    return forms, tuple(dict.fromkeys(form.lemma for form in forms)) or (word,), known


def list_lemmas(word: str, excluded_parts: Collection[str] = ()) -> frozenset[str]:
    """The lemmas of a folded word; none when its likeliest reading is one of the parts of speech `excluded_parts`.

    For the many words of the phrases: what only `look_up` gives, the likeliest reading first, is weighed only where
    it decides.
    """
    lemmas: set[str] = set()
    dictionary = _get_analyzer().dictionary
    for spelled, readings in dictionary.words.similar_items(word, _get_analyzer().char_substitutes):
        for paradigm, index in readings:
            if excluded_parts and dictionary.build_tag_info(paradigm, index).POS in excluded_parts:
                return _list_parsed_lemmas(word, excluded_parts)
            lemmas.add(fold(dictionary.build_normal_form(paradigm, index, spelled)))
    return frozenset(lemmas) if lemmas and len(word) > 1 else _list_parsed_lemmas(word, excluded_parts)


def _list_parsed_lemmas(word: str, stiff: Collection[str]) -> frozenset[str]:
    forms, lemmas, _ = look_up(word)
    return frozenset() if forms and forms[0].part_of_speech in stiff else frozenset(lemmas)


@lru_cache(maxsize=65536)
def is_known(word: str) -> bool:
    """Whether the dictionary has a folded word; cheaper than looking it up."""
    return bool(_get_analyzer().word_is_known(word))


def agree(adjective: Word, noun: Word) -> bool:
    """Whether two words may be an adjective and its noun: «садовая техника», not «садовой трубу»."""
    for one in adjective.parses:
        for other in noun.parses if one.part_of_speech == "ADJF" else ():
            same: frozenset[str] = one.grammemes & other.grammemes
            if (
                other.part_of_speech in ("NOUN", "ADJF")
                and not same.isdisjoint(_CASES)
                and not same.isdisjoint(_GENDERS_AND_NUMBERS)
            ):
                return True
    return False


@lru_cache(maxsize=65536)
def sound(word: str) -> str:
    """A rough fold of how a word sounds by telephone: reduced vowels and voiced pairs fall together."""
    for pattern, heard in _PHONETIC_RULES:
        word = pattern.sub(heard, word)
    word = _REPEATED_LETTER.sub(r"\1", word.translate(_PHONETIC_CLASSES))
    return f"{word[:-1]}а" if word.endswith("ци") else word


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """A rough fold of how a word sounds without its ending: «пахнит», «пахнуть» and «пахнет» fall together."""
    return _VOWEL_ENDING.sub("", _ENDING.sub("", sound(word), count=1))


@lru_cache(maxsize=262144)
def alike(one: str, other: str) -> float:
    """How alike two folded words are, 0 to 1: the mean of their likeness in letters and in sound.

    «энгельсо» and «энгельса» .94, «ингельса» and «энгельса» .94, «садовая» and «заводская» .53.
    """
    if one == other:
        return 1.0
    letters = OSA.normalized_similarity(one, other)
    sounds = OSA.normalized_similarity(sound(one), sound(other))
    return (letters + sounds) / 2


@cache
def _get_analyzer() -> pymorphy3.MorphAnalyzer:
    """The dictionary; reading it takes about half a second and 15 MB, so it is read once."""
    return pymorphy3.MorphAnalyzer()


@cache
def _read_fillers() -> frozenset[str]:
    text = Path(__file__).with_name("words.toml").read_text(encoding="utf-8")
    return frozenset(tomllib.loads(text)["fillers"])


@lru_cache(maxsize=4096)
def inflect(word: str) -> tuple[str, ...]:
    """Every form of a dictionary form, folded; the word itself when it is none."""
    lexemes = [parse.lexeme for parse in _get_analyzer().parse(word) if fold(parse.normal_form) == word]
    return tuple(dict.fromkeys([word, *(fold(form.word) for lexeme in lexemes for form in lexeme)]))


@lru_cache(maxsize=4096)
def inflect_singular(word: str) -> tuple[str, ...]:
    """As `inflect`, without the forms that are plural only."""
    return tuple(form for form in inflect(word) if any("plur" not in reading.grammemes for reading in look_up(form)[0]))
