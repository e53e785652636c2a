"""Finds streets, complexes and settlements of the house list in an utterance, in any case and word order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from callcenter.houses.houses import STREET_TYPES
from callcenter.understanding.address.house_numbers import is_followed_by_house
from callcenter.understanding.address.vocabulary import address_words
from callcenter.understanding.numbers.numbers import Number, find_numbers, is_hesitation
from callcenter.understanding.phrases.edit_distance import SimilarWords
from callcenter.understanding.words import Form, Word, inflect, read_words, similarity

_SAME_LEMMA_SCORE = 0.98
"""Score (0 to 1) of a name word said in another form than the list has. A mention with a word below it is fuzzy."""
_MIN_SIMILARITY_UNKNOWN = 0.76
"""Minimum similarity (0 to 1, `words.alike`) of a spoken word that the dictionary lacks to a form of a name word.
Raising it loses misrecognized names; lowering it takes other words for names."""
_MIN_SIMILARITY_KNOWN = 0.8
"""The same for a spoken word that the dictionary has. Such words are compared as well because the recognizer writes
only words it knows."""
_MIN_FUZZY_LENGTH = 4
"""Minimum length, in letters, of words compared by similarity; a shorter word must equal a form."""
_MIN_SPLIT_LENGTH = 7
"""Minimum length, in letters, of two adjacent words joined into one name word: «тель мана»."""
_SPLIT_WORD_SCORE = 0.9
"""Score (0 to 1) of a name word written as two words."""
_MIN_LETTER_SIMILARITY = 0.6
"""Minimum similarity in letters (0 to 1) before words are compared by sound too, which is slower."""
_PROPER_NOUN_GRAMMEMES = frozenset({"Surn", "Geox", "Name", "Patr", "Orgn", "Fixd"})


@dataclass(frozen=True, slots=True)
class NameToken:
    """One word or number of a name."""

    text: str
    lemmas: frozenset[str]
    forms: tuple[str, ...]
    number: str
    """Digits of a number in the name; empty for a word."""
    optional: bool
    """A title that people leave out: «маршал», «академик»."""
    genders: frozenset[str]
    adjective: bool
    is_proper_noun: bool
    in_dictionary: bool
    """Whether the dictionary has the word."""

    @property
    def is_everyday(self) -> bool:
        """Whether the word is an adjective also used for plates, pipes and villages (`list_everyday_adjectives`)."""
        return self.adjective and not self.lemmas.isdisjoint(list_everyday_adjectives())


@dataclass(frozen=True, slots=True)
class Name:
    """A name of the house list, split into its type and its words."""

    official_name: str
    street_type: str
    """The type word in its dictionary form: «проспект», «жк»; empty when the name has none."""
    tokens: tuple[NameToken, ...]

    @property
    def is_distinctive(self) -> bool:
        """Whether the name is unlikely to be an everyday word: it has a proper noun, or a word that the dictionary
        lacks."""
        return any(token.is_proper_noun for token in self.tokens if not token.optional)

    @property
    def is_everyday(self) -> bool:
        """Whether each word of the name is an everyday adjective: «Газовая улица»."""
        return all(token.is_everyday for token in self.tokens)


@dataclass(frozen=True, slots=True)
class Mention:
    """A name found in an utterance."""

    name: Name
    first: int
    end: int
    """The words of the mention, the type word included: `words[first:end]`."""
    score: float
    """Mean score of the words, 0 to 1; 1 when every word is exactly as in the list."""
    has_street_type: bool
    """Whether the type word was said."""
    is_complete: bool
    """False when a required word of the name was left out: «дачный переулок» for «2-й Дачный переулок»."""
    gender_agrees: bool
    """False when the gender of the spoken adjective differs from the name's."""
    matched_words: int
    """The number of name words that were said."""
    is_fuzzy: bool
    """Whether a word matched only by similarity."""


class NameIndex:
    """A search index of names: spoken word -> name words -> names."""

    def __init__(self, official_names: Iterable[str]) -> None:
        self.place_names = tuple(read_name(name) for name in dict.fromkeys(official_names) if name)
        self._tokens = {token.text: token for name in self.place_names for token in name.tokens if not token.number}
        self._names_by_token: dict[str, list[Name]] = {}
        for name in self.place_names:
            for token in name.tokens:
                self._names_by_token.setdefault(token.number or token.text, []).append(name)
        self._tokens_by_lemma: dict[str, set[str]] = {}
        self._tokens_by_form: dict[str, set[str]] = {}
        for token in self._tokens.values():
            for lemma in token.lemmas:
                self._tokens_by_lemma.setdefault(lemma, set()).add(token.text)
            for form in token.forms:
                self._tokens_by_form.setdefault(form, set()).add(token.text)
        self._similar_forms = SimilarWords(form for form in self._tokens_by_form if len(form) >= _MIN_FUZZY_LENGTH)
        self._names_by_compound = {form: name for name in self.place_names for form in _list_compounds(name)}
        self._similarity_cache: dict[str, dict[str, float]] = {}

    def find_candidates(self, words: Sequence[Word], numbers: Sequence[Number]) -> list[Mention]:
        """Every name that may be read at each word, overlapping ones included. Which of them are meant is decided by
        `NameMentions`."""
        starts = {number.first: number for number in numbers}
        kinds = [get_street_type(word) for word in words]
        found = []
        for at, word in enumerate(words):
            digits = starts[at].digits if at in starts else ""
            texts = (*self._list_similar_tokens(word), digits) if digits else self._list_similar_tokens(word)
            texts = (*texts, *self._list_split_tokens(words, at))
            for name in dict.fromkeys(name for text in texts for name in self._names_by_token.get(text, ())):
                mention = self._match_name(name, words, at, starts, kinds)
                if mention is not None:
                    found.append(mention)
            if word.text in self._names_by_compound:
                name = self._names_by_compound[word.text]
                first, end, typed = _extend_to_street_type(name.street_type, kinds, words, at, at + 1)
                found.append(Mention(name, first, end, 1.0, typed, True, True, len(name.tokens), False))
        return found

    def _match_name(
        self, name: Name, words: Sequence[Word], at: int, starts: dict[int, Number], kinds: list[str]
    ) -> Mention | None:
        left, scores, position, end, genders = list(name.tokens), [], at, at, None
        while left and position < len(words):
            number = starts.get(position)
            token = next((one for one in left if number is not None and one.number == number.digits), None)
            if number is not None and position > at and not number.ordinal:
                token = None  # in «дачный два» the number is the house, in «второй дачный» part of the name
            if token is not None and number is not None:
                position = end = number.end
                scores.append(1.0)
                left.remove(token)
                continue
            alikes = self._list_similar_tokens(words[position])
            token = max(left, key=lambda one: alikes.get(one.text, 0.0))
            if token.text in alikes:
                if token.adjective:
                    genders = _list_genders(words[position])
                scores.append(alikes[token.text])
                left.remove(token)
                position = end = position + 1
            elif len(left) == 1 and self._is_split_word(left[0], words, position):
                scores.append(_SPLIT_WORD_SCORE)
                left.clear()
                position = end = position + 2
            elif position > at and (kinds[position] == name.street_type or is_hesitation(words[position])):
                position += 1
            else:
                break
        missing = [token for token in left if not token.optional]
        adjectives = any(token.adjective for token in name.tokens)
        clipped = (
            missing
            and all(token.is_everyday for token in missing)
            and not any(token.in_dictionary for token in name.tokens if token not in left)
        )  # allows «в ладожке» for «новая ладожка»
        if not scores or (missing and not adjectives):
            return None
        if any(not token.number for token in missing) and (not clipped or min(scores) < _SAME_LEMMA_SCORE):
            return None
        own = frozenset[str]().union(*(token.genders for token in name.tokens if token.adjective))
        first, end, typed = _extend_to_street_type(name.street_type, kinds, words, at, end)
        if not typed and not adjectives and _has_other_street_type(name.street_type, kinds, words, end):
            end += 1
        if not typed and all(token.number for token in name.tokens):
            return None
        return Mention(
            name, first, end, sum(scores) / len(scores), typed, not missing,
            not genders or not own or bool(genders & own), len(scores), min(scores) < _SAME_LEMMA_SCORE,
        )  # fmt: skip

    def _list_split_tokens(self, words: Sequence[Word], at: int) -> Iterable[str]:
        """The name words that two adjacent spoken words form together: «тель мана»."""
        joined = words[at].text + words[at + 1].text if at + 1 < len(words) else ""
        return self._tokens_by_form.get(joined, ()) if len(joined) >= _MIN_SPLIT_LENGTH else ()

    def _is_split_word(self, token: NameToken, words: Sequence[Word], at: int) -> bool:
        return token.text in self._list_split_tokens(words, at)

    def _list_similar_tokens(self, word: Word) -> dict[str, float]:
        """The name words that a spoken word may be: name word -> score, 0 to 1. Results are cached."""
        found = self._similarity_cache.get(word.text)
        if found is None:
            found = self._measure_similarities(word)
            if len(self._similarity_cache) > 20000:
                self._similarity_cache.clear()
            self._similarity_cache[word.text] = found
        return found

    def _measure_similarities(self, word: Word) -> dict[str, float]:
        found = dict.fromkeys(self._tokens_by_form.get(word.text, ()), _SAME_LEMMA_SCORE)
        for lemma in word.lemmas if word.in_dictionary else ():
            found |= dict.fromkeys(self._tokens_by_lemma.get(lemma, ()), _SAME_LEMMA_SCORE)
        if word.text in self._tokens:
            found[word.text] = 1.0
        if found or len(word.text) < _MIN_FUZZY_LENGTH or word.is_number:
            return found
        least = _MIN_SIMILARITY_KNOWN if word.in_dictionary else _MIN_SIMILARITY_UNKNOWN
        for form, _ in self._similar_forms.find_similar(word.text, _MIN_LETTER_SIMILARITY):
            score = similarity(word.text, form)
            for text in self._tokens_by_form[form] if score >= least else ():
                found[text] = max(score, found.get(text, 0.0))
        return found


def read_name(written: str) -> Name:
    """Splits a name of the house list into its type, number and words: «2-й Дачный переулок»."""
    words = read_words(written)
    numbers = {number.first: number for number in find_numbers(words) if number.typed}
    kind, tokens, at = "", [], 0
    while at < len(words):
        word = words[at]
        if at in numbers:
            tokens.append(
                NameToken(
                    numbers[at].digits, frozenset(), (), numbers[at].digits, False, frozenset(), False, False, True
                )
            )
            at = numbers[at].end
            continue
        at += 1
        if not kind and get_street_type(word):
            kind = get_street_type(word)
            continue
        title = word.has_lemma(*address_words()["titles"]["words"]) and len(words) > 2
        adjective = any(form.part_of_speech == "ADJF" and "nomn" in form.grammemes for form in word.parses)
        forms = tuple(dict.fromkeys([word.text, *(form for lemma in word.lemmas[:2] for form in inflect(lemma))]))
        proper = not word.in_dictionary or (
            bool(_list_grammemes(word.parses) & _PROPER_NOUN_GRAMMEMES) and not adjective
        )
        tokens.append(
            NameToken(
                word.text,
                frozenset(word.lemmas),
                forms,
                "",
                title,
                _list_genders(word),
                adjective,
                proper,
                word.in_dictionary,
            )
        )
    return Name(written, kind, tuple(tokens))


def _list_compounds(name: Name) -> list[str]:
    """The two words of a name joined into one, as people say and recognizers write them: «нижнесадовая»."""
    if len(name.tokens) != 2 or not name.tokens[0].adjective or not name.tokens[1].forms:
        return []
    return [name.tokens[0].text[:-2] + vowel + form for vowel in "ео" for form in name.tokens[1].forms]


def get_street_type(word: Word) -> str:
    """The street or place type that a word denotes («проспект» for «просп» and «проспекте»); empty when none."""
    return (
        next((kinds[lemma] for lemma in (word.text, *word.lemmas) if lemma in kinds), "")
        if (kinds := _street_types_by_word())
        else ""
    )


def list_everyday_adjectives() -> tuple[str, ...]:
    """Adjectives, as lemmas, that denote a street only with its type word or a house number: «газовая»."""
    return tuple(address_words()["everyday"]["words"])


def list_corner_words() -> tuple[str, ...]:
    """Words, as lemmas, for a place where streets meet: «угол»."""
    return tuple(address_words()["corners"]["words"])


def telephone_words() -> tuple[str, ...]:
    """Words, as lemmas, near which «линия» is no street: a telephone, metro or power line."""
    return tuple(address_words()["telephone"]["words"])


def list_non_street_adjectives() -> tuple[str, ...]:
    """Adjectives, as lemmas, that may stand before a house number but are no street: «аварийная»."""
    return tuple(address_words()["towns"]["none"])


def list_namesake_adjectives() -> tuple[str, ...]:
    """Adjectives, as lemmas, that turn a name into another street: «большая садовая»."""
    return tuple(address_words()["towns"]["namesakes"])


def list_own_towns() -> tuple[str, ...]:
    """The names of the company's own town: a house there is not treated as unlisted."""
    return tuple(address_words()["towns"]["own"])


def _extend_to_street_type(
    kind: str, kinds: list[str], words: Sequence[Word], first: int, end: int
) -> tuple[int, int, bool]:
    """The span of a mention extended to its type word before or after the name, and whether the type was said."""
    if any(kinds[at] == kind for at in range(first, end) if kind):
        return first, end, True
    before = first - 1
    while before >= 0 and is_hesitation(words[before]):
        before -= 1
    if kind and before >= 0 and kinds[before] == kind:
        return before, end, True
    if kind and end < len(words) and kinds[end] == kind:
        return first, end + 1, True
    if kind and kinds[end + 3 : end + 4] == [kind] and (words[end].text, words[end + 2].text) == ("не", "а"):
        return first, end + 4, bool(kinds[end + 1])  # the corrected type of «приморский не проспект а улица»
    return first, end, False


def _has_other_street_type(kind: str, kinds: list[str], words: Sequence[Word], end: int) -> bool:
    """Whether a wrong street type and then a house follow the name: «новаторов улица девяносто восемь» for a boulevard.
    Not used after an adjective: «садовый переулок» is another street."""
    both = end < len(words) and kinds[end] in STREET_TYPES and kind in STREET_TYPES
    return both and is_followed_by_house(words, end + 1)


def _list_genders(word: Word) -> frozenset[str]:
    return frozenset(
        mark
        for form in word.parses
        if form.part_of_speech == "ADJF"
        for mark in form.grammemes
        if mark in ("masc", "femn", "neut")
    )


def _list_grammemes(forms: tuple[Form, ...]) -> frozenset[str]:
    return frozenset[str]().union(*(form.grammemes for form in forms))


@cache
def _street_types_by_word() -> dict[str, str]:
    return {word: kind for kind, words in address_words()["types"].items() for word in words}
