"""Tokenizes a line and analyzes its words: lemmas, parts of speech, phonetic similarity.

Every module of `understanding` that reads a line uses it. The dictionary is that of pymorphy3 (OpenCorpora).
"""

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
    (re.compile(pattern), phonetic_code)
    for pattern, phonetic_code in (
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
"""The endings of nouns, adjectives and verbs in a phonetic code."""


_CASES = frozenset({"nomn", "gent", "datv", "accs", "ablt", "loct"})
_GENDERS_AND_NUMBERS = frozenset({"masc", "femn", "neut", "plur"})


@dataclass(frozen=True, slots=True)
class Form:
    """One morphological parse of a word."""

    lemma: str
    part_of_speech: str
    """OpenCorpora's part of speech: NOUN, VERB, INFN, ADJF, NUMR ...; empty when the parse has none."""
    grammemes: frozenset[str]
    """OpenCorpora's grammemes: past, plur, gent, Surn, Geox ...; the part of speech is one of them."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a line."""

    text: str
    """The folded text (see `fold`): letters only or digits only."""
    separator: str
    """The signs between the previous word and this one, without outer spaces: empty in a recognizer's line; `-`, `/`,
    `,` in a typed one."""
    is_attached: bool
    """Whether no space stands directly before the word: `12а`, `5/2`, `1-я`; False for the first word."""
    parses: tuple[Form, ...]
    """The parses, the likeliest first; none for digits and for Latin letters."""
    lemmas: tuple[str, ...]
    """The lemmas of `parses` without repetition; the word itself when there are none."""
    in_dictionary: bool
    """Whether the dictionary has the word; False when the parses are guesses: unlisted names, misspelled words."""
    is_filler: bool
    """Whether the word is a hesitation or a filler of `words.toml`."""

    @property
    def lemma(self) -> str:
        """The likeliest lemma."""
        return self.lemmas[0]

    @property
    def is_number(self) -> bool:
        """Whether the word is written in digits; a number word such as «пять» is not."""
        return self.text.isdecimal()

    def has_lemma(self, *lemmas: str) -> bool:
        """Whether any parse of the word has one of these lemmas."""
        return any(lemma in lemmas for lemma in self.lemmas)

    def has_part_of_speech(self, *parts: str) -> bool:
        """Whether any parse of the word has one of these parts of speech."""
        return any(form.part_of_speech in parts for form in self.parses)


def fold(text: str) -> str:
    """The text in lower case, with `ё` as `е` and without stress marks; all comparisons of words use this form."""
    return _STRESS.sub("", unicodedata.normalize("NFC", text)).lower().replace("ё", "е")


def read_words(text: str) -> tuple[Word, ...]:
    """The words of a line in order. Signs are kept in `Word.separator`; a hyphenated word is two: «что-то»."""
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
    """The parses of a folded word, its lemmas, and whether the dictionary has the word (True for digits)."""
    if not "а" <= word[0] <= "я":
        return (), (word,), word.isdecimal()
    parses = _get_analyzer().parse(word)
    forms = tuple(
        Form(fold(parse.normal_form), str(parse.tag.POS or ""), frozenset(parse.tag.grammemes)) for parse in parses
    )
    known = any(isinstance(parse.methods_stack[-1][0], DictionaryAnalyzer) for parse in parses)  # no second look-up
    return forms, tuple(dict.fromkeys(form.lemma for form in forms)) or (word,), known


def list_lemmas(word: str, excluded_parts: Collection[str] = ()) -> frozenset[str]:
    """The lemmas of a folded word; none when its likeliest parse has one of the parts of speech `excluded_parts`.

    Faster than `look_up` for the many words of the phrase files: the parses are ranked by likelihood only when one of
    them has an excluded part of speech.
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
    """Whether the dictionary has a folded word; cheaper than `look_up`."""
    return bool(_get_analyzer().word_is_known(word))


def agree(adjective: Word, noun: Word) -> bool:
    """Whether two words agree in case and in gender or number, as an adjective and its noun do.

    «садовая техника» agrees, «садовой трубу» does not.
    """
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
def phonetic_code(word: str) -> str:
    """A rough phonetic code of a folded word: reduced vowels are merged, and so are voiced and voiceless consonants."""
    for pattern, heard in _PHONETIC_RULES:
        word = pattern.sub(heard, word)
    word = _REPEATED_LETTER.sub(r"\1", word.translate(_PHONETIC_CLASSES))
    return f"{word[:-1]}а" if word.endswith("ци") else word


@lru_cache(maxsize=65536)
def phonetic_stem(word: str) -> str:
    """The phonetic code of a folded word without its ending: equal for «пахнит», «пахнуть» and «пахнет»."""
    return _VOWEL_ENDING.sub("", _ENDING.sub("", phonetic_code(word), count=1))


@lru_cache(maxsize=262144)
def similarity(one: str, other: str) -> float:
    """The similarity of two folded words, 0 to 1: the mean of the OSA similarities of letters and of phonetic codes.

    «энгельсо» and «энгельса» .94, «ингельса» and «энгельса» .94, «садовая» and «заводская» .53.
    """
    if one == other:
        return 1.0
    letters = OSA.normalized_similarity(one, other)
    sounds = OSA.normalized_similarity(phonetic_code(one), phonetic_code(other))
    return (letters + sounds) / 2


@cache
def _get_analyzer() -> pymorphy3.MorphAnalyzer:
    """The morphological analyzer. Loading its dictionary takes about half a second and 15 MB, so it is loaded once."""
    return pymorphy3.MorphAnalyzer()


@cache
def _read_fillers() -> frozenset[str]:
    text = Path(__file__).with_name("words.toml").read_text(encoding="utf-8")
    return frozenset(tomllib.loads(text)["fillers"])


@lru_cache(maxsize=4096)
def inflect(word: str) -> tuple[str, ...]:
    """All inflected forms of a lemma, folded, the lemma first; only the word itself when it is not a lemma."""
    lexemes = [parse.lexeme for parse in _get_analyzer().parse(word) if fold(parse.normal_form) == word]
    return tuple(dict.fromkeys([word, *(fold(form.word) for lexeme in lexemes for form in lexeme)]))


@lru_cache(maxsize=4096)
def inflect_singular(word: str) -> tuple[str, ...]:
    """As `inflect`, without the forms that can only be plural."""
    return tuple(form for form in inflect(word) if any("plur" not in reading.grammemes for reading in look_up(form)[0]))
