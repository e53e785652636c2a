"""Grapheme-to-phoneme conversion for Russian by rules; the stress comes from a StressDictionary.

The rules follow R. I. Avanesov, "Russian literary pronunciation": vowel reduction, softening, voicing and devoicing,
and consonant clusters that are not pronounced as written.
"""

import re
from collections.abc import Sequence

from callcenter.hearing.model_factory.phones import VOWELS
from callcenter.hearing.model_factory.stress import StressDictionary

_STRESSED = dict(zip("аоуыэиеёюя", "AOUYEIEOUA", strict=True))
_UNSTRESSED_HARD = dict(zip("аоуыэиеёюя", ["@", "@", "u", "y", "y", "i", "y", "y", "u", "@"], strict=True))
_SOFTENING = frozenset("еёюяиь")
_IOTATED = frozenset("еёюя")
_CONSONANTS = dict(
    zip(
        "бвгджзйклмнпрстфхцчшщ",
        ["b", "v", "g", "d", "zh", "z", "j", "k", "l", "m", "n", "p", "r", "s", "t", "f", "h", "c", "ch", "sh", "sch"],
        strict=True,
    )
)
_ALWAYS_HARD = frozenset({"zh", "sh", "c"})
_ALWAYS_SOFT = frozenset({"ch", "sch", "j"})
_DEVOICED = {"b": "p", "v": "f", "g": "k", "d": "t", "zh": "sh", "z": "s"}
_VOICED = {mute: voiced for voiced, mute in _DEVOICED.items() if mute != "f"}
_VOICELESS = frozenset({"p", "f", "k", "t", "sh", "s", "h", "c", "ch", "sch"})
_VOICED_OBSTRUENTS = frozenset({"b", "g", "d", "zh", "z"})
_SOFTENED_BEFORE = {"n": {"t", "d", "ch", "sch", "n"}, "s": {"t", "d", "n", "s"}, "z": {"d", "n", "z"}}
"""Dental consonants that become soft before these consonants when those are soft."""

_RESPELLING_RULES = (
    (re.compile(r"^(что(бы?|нибудь|то)?)$"), lambda found: "ш" + found[1][1:]),
    (re.compile(r"^(ни|не|кое)что$"), lambda found: found[1] + "што"),
    (re.compile(r"^(конечн|скучн|нарочн|яичниц|прачечн|скворечн)"), lambda found: found[1].replace("чн", "шн")),
    (re.compile(r"^сегодня"), "севодня"),
    (re.compile("^его$"), "ево"),
    (re.compile(r"(?<=.[оеё])го(?=ся$|$)"), "во"),
    (re.compile(r"ть?с(?=я$)"), "цц"),
    (re.compile(r"цця$"), "цца"),
    (re.compile("вств"), "ств"),
    (re.compile("стн"), "сн"),
    (re.compile("здн"), "зн"),
    (re.compile("стл"), "сл"),
    (re.compile("лнц"), "нц"),
    (re.compile("рдц"), "рц"),
    (re.compile("сч|зч|жч|шч"), "щ"),
    (re.compile("[тд]ч"), "ч"),
    (re.compile("[тд]ц|тс(?=[кт])"), "ц"),
    (re.compile("[сз]ш"), "ш"),
    (re.compile("зж"), "ж"),
    (re.compile("гк"), "хк"),
    (re.compile("гч"), "хч"),
)
_GO_EXCEPTIONS = frozenset({"много", "немного", "дорого", "недорого", "строго", "долго", "недолго", "убого", "лого"})
"""Words in -ого whose г is pronounced as г, not as в."""


def pronounce(word: str, stress: StressDictionary) -> list[tuple[str, ...]]:
    """Pronunciations of a lower-case Cyrillic word, the likeliest first; empty when no letter has a sound."""
    ways: dict[tuple[str, ...], None] = {}
    for place in stress.find_stressed_vowels(word):
        ways[transcribe(word, place)] = None
        if place == 0 and sum(letter in _STRESSED for letter in word) == 1:
            ways[transcribe(word, 1)] = None  # a clitic such as «не» is stressed when it is said alone
    return [way for way in ways if way]


def transcribe(word: str, stressed: int) -> tuple[str, ...]:
    """Phones of a word with the stress on vowel number `stressed`, counted from 1; 0: no stress."""
    letters = _respell(word)
    sounds = _read_letters(letters, stressed)
    _assimilate(sounds)
    phones: list[str] = []
    for sound, soft in sounds:
        name = sound + "'" if soft and sound not in _ALWAYS_SOFT and sound not in VOWELS else sound
        if not (phones and phones[-1] == name and name not in VOWELS):  # a double consonant is one phone
            phones.append(name)
    return tuple(phones)


def _respell(word: str) -> str:
    for pattern, instead in _RESPELLING_RULES:
        if pattern.pattern.startswith("(?<=.[оеё])го") and word in _GO_EXCEPTIONS:
            continue
        word = pattern.sub(instead, word)
    return word


def _read_letters(letters: str, stressed: int) -> list[tuple[str, bool]]:
    sounds: list[tuple[str, bool]] = []
    vowel = 0
    for place, letter in enumerate(letters):
        before = letters[place - 1] if place else ""
        after = letters[place + 1] if place + 1 < len(letters) else ""
        if letter in _STRESSED:
            vowel += 1
            if (letter in _IOTATED and (not before or before in _STRESSED or before in "ьъ")) or (
                letter in "ио" and before == "ь"
            ):
                sounds.append(("j", True))
            sounds.append((_transcribe_vowel(letter, vowel, stressed, sounds, is_last=not after), False))
        elif letter in _CONSONANTS:
            sound = _CONSONANTS[letter]
            soft = (after in _SOFTENING and bool(after) and sound not in _ALWAYS_HARD) or sound in _ALWAYS_SOFT
            sounds.append((sound, soft))
    return sounds


def _transcribe_vowel(
    letter: str, vowel: int, stressed: int, before: Sequence[tuple[str, bool]], *, is_last: bool
) -> str:
    previous, soft = before[-1] if before else ("", False)
    hard_sibilant = previous in _ALWAYS_HARD
    if vowel == stressed or letter == "ё":
        return "Y" if letter == "и" and hard_sibilant else _STRESSED[letter]
    if letter == "и":
        return "y" if hard_sibilant else "i"
    if soft and letter in "аеяэ":
        return "@" if is_last and letter in "яа" else "i"
    if letter in "ао" and (vowel == stressed - 1 or not previous or previous in VOWELS or stressed == 0):
        return "a"
    return _UNSTRESSED_HARD[letter]


def _assimilate(sounds: list[tuple[str, bool]]) -> None:
    """Assimilate consonants in place to the next consonant by voicing and softness, from right to left."""
    for place in range(len(sounds) - 1, -1, -1):
        sound, soft = sounds[place]
        if sound in VOWELS:
            continue
        if place == len(sounds) - 1:
            sounds[place] = (_DEVOICED.get(sound, sound), soft)
            continue
        following, following_soft = sounds[place + 1]
        if following in VOWELS:
            continue
        if following in _VOICELESS:
            sound = _DEVOICED.get(sound, sound)
        elif following in _VOICED_OBSTRUENTS:
            sound = _VOICED.get(sound, sound)
        soft = soft or (following_soft and following in _SOFTENED_BEFORE.get(sound, ()))
        sounds[place] = (sound, soft)
