"""Why a phrase of danger may be none after all: what the rest of the line says about it.

- «не» before the phrase's own word: the phrase is not found at all («не горит»);
- «нет», «без», «ни», «никакого» beside a noun in the genitive: «пожара нет», «без дыма», «воняет, дыма нет»;
- a word for the past and no verb in the present, nor a word for now: «вчера прорвало», not «со вчера пахнет»; a day or
  a season only beside a verb in the past: «в субботу застряли», not «в субботу искрит»;
- a verb in the future, or a noun after «если», «в случае»: «если запахнет», not «если пахнет», and no threat: «убьёт»;
  of what is asked «на будущее» or for a child to know all is supposed;
- what comes after says that it is over: «был дым, потушили»;
- it is told of the television, a drill or another town, and nobody of ours is named: «в новостях: взорвался дом».
"""

from collections.abc import Iterator, Mapping, Sequence

from callcenter.understanding.phrases.matching import FoundPhrase, PhraseLine, PhraseSpan
from callcenter.understanding.words import Word

DENIALS = frozenset(["нет", "нету", "нетути", "никакого", "никакой", "никаких", "без", "ни", "отсутствует"])
NEGATIONS = DENIALS | {"не"}
_NOUN_NEGATORS = frozenset(["без", "ни", "никакого", "никаких"])
"""They deny the noun right after them, whatever else is said of it."""
_NEGATIVE_PRONOUNS = frozenset(["никого", "ничего", "некого"])
"""What «нет» beside them lacks is they: «запах газа, никого нет»."""
_ABSENCE_WORDS = frozenset(["нет", "нету", "нетути", "никаких", "никакого", "отсутствует"])
_MAX_DENIAL_DISTANCE = 5
"""Words after a noun among which «нет» still belongs to it: «розеток там рядом нету»."""
_MODAL_VERBS = frozenset(["перестать", "мочь", "прекратить", "стоить"])
"""Before an infinitive these say that it is not, or not yet."""
_SO_THAT = frozenset(("чтобы", "чтоб"))
_NOT_YET = _SO_THAT | {"будет", "бы", "можно"}
_PAST_COPULAS = frozenset(("был", "была", "было", "были"))
_MAX_MARKER_DISTANCE = 2
"""Words from one for now to one for over that belong together."""
_NOUNS = ("NOUN", "NPRO")
_FUNCTION_WORD_PARTS = ("PREP", "CONJ", "PRCL")
_ADVERB_PARTS = ("ADVB", "PRED")
_VERBS = ("VERB", "INFN")
PAST, WHEN, NOW, IF, SUPPOSED, OVER = "past", "when", "now", "if", "supposed", "over"
GONE, FEAR, DOUBT, TALE, OPEN = "gone", "fear", "doubt", "tale", "open"
MARKS = (PAST, WHEN, NOW, IF, SUPPOSED, OVER, GONE, FEAR, DOUBT, TALE, OPEN)
"""The keys of `context.yaml`."""
_SPEAKER_WORDS = ("я", "мы", "мой", "наш", "тут", "здесь")


class DangerContext:
    """What the rest of the line says about a phrase in it."""

    def __init__(self, line: PhraseLine, marks: Mapping[str, Sequence[FoundPhrase]]) -> None:
        self._line = line
        self._matches_by_key = marks
        over = [one.span for key in (OVER, GONE) for one in marks[key]]
        self._now = [one.span for one in marks[NOW] if not any(_belongs_to(one.span, other) for other in over)]
        """Words for now, without those of what is over: «сейчас всё тихо»."""

    def is_cancelled(self, found: FoundPhrase, *, future: bool) -> bool:
        """Whether the phrase is denied, past, over, or only supposed; `future`: what will be counts too."""
        if self._is_denied(found) or self._is_over(found) or self._is_past(found) or self._is_hearsay(found):
            return True
        return self._is_hypothetical(found) or self._is_supposed(found, future=future)

    def can_be_denied_next(self, found: FoundPhrase) -> bool:
        """Whether the line ends with the phrase, and the next word may take it back: «запаха газа | нет»,
        «горит | лампочка», «дым от | вейпа», «мне плохо | слышно», «пожар был | в мае», «искрило сегодня | нет»."""
        if self._is_narrated(found) or self._can_be_absent_next(found):
            return True
        last = self._line.words[found.span.last]
        now = {at for one in self._matches_by_key[NOW] for at in range(one.span.first, one.span.last + 1)}
        for at in range(found.span.last + 1, len(self._line.words)):
            word = self._line.words[at]
            if not (
                word.has_part_of_speech(*_FUNCTION_WORD_PARTS)
                or word.text in _PAST_COPULAS
                or (at in now and self._is_in_past_tense(found))
            ):
                return False
        if found.span.last + 1 < len(self._line.words) and self._is_in_past_tense(found):
            return True
        if (
            found.span.mask.bit_count() == 1
            or last.has_part_of_speech(*_ADVERB_PARTS)
            or self._may_be_denied(found, last)
        ):
            return True
        return any(one.span.last == found.span.last for one in self._matches_by_key[OPEN])

    def _is_narrated(self, found: FoundPhrase) -> bool:
        """«искрило», «в лифте сидела»: a story of what was may go on with when that was, or that it is over."""
        verbs = [word.parses[0] for _, word in self._list_own_words(found) if _is_verb(word)]
        return bool(verbs) and all({"past", "impf"} <= form.grammemes for form in verbs)

    def _can_be_absent_next(self, found: FoundPhrase) -> bool:
        """«капает, розеток там | нет»."""
        at = found.span.last
        after = self._line.words[at + 1 :]
        small = all(word.is_filler or word.has_part_of_speech("PREP", "NPRO", "ADVB", "PRCL") for word in after)
        return self._is_ungoverned_genitive(at) and small and len(after) < _MAX_DENIAL_DISTANCE

    def _list_own_words(self, found: FoundPhrase) -> Iterator[tuple[int, Word]]:
        for at in range(found.span.first, found.span.last + 1):
            if found.span.mask >> at & 1:
                yield at, self._line.words[at]

    def _may_be_denied(self, found: FoundPhrase, word: Word) -> bool:
        """Only what has no verb, and whose first noun, or the word beside the denial, is in the genitive."""
        own = [one for _, one in self._list_own_words(found)]
        if any(_is_verb(one) for one in own):
            return False
        first = next((one for one in own if one.has_part_of_speech(*_NOUNS)), word)
        return _is_genitive(first) or _is_genitive(word)

    def _is_denied(self, found: FoundPhrase) -> bool:
        words, spot = self._line.words, found.span
        if (
            self._has_negated_noun(found)
            or self._has_absent_thing(found)
            or any(self._is_repeated_and_denied(found, at) for at in range(spot.last + 1, len(words)))
        ):
            return True
        before = [word for word in words[max(0, spot.first - 3) : spot.first] if not word.is_filler]
        if before and before[-1].text in DENIALS and self._may_be_denied(found, words[spot.first]):
            return True
        after = words[spot.last + 1 : spot.last + 5]
        if not self._may_be_denied(found, words[spot.last]) or any(word.text in _NEGATIVE_PRONOUNS for word in after):
            return False
        for at, word in enumerate(after, spot.last + 1):
            if word.text in DENIALS or (word.text in _PAST_COPULAS and self._line.negated[at]):
                return at + 1 == len(words) or not _is_deniable_noun(words[at + 1]) or self._is_listed(found, at + 1)
            if not (word.is_filler or word.has_part_of_speech("PREP", "NPRO", "ADVB", "PRCL")):
                return False
        return False

    def _is_listed(self, found: FoundPhrase, following: int) -> bool:
        """«дыма нет, огня нет», «пожара нету, внучек»: the noun that follows has a «нет» of its own, or is spoken to,
        and the phrase is all in the genitive."""
        noun, *beside = self._line.words[following : following + 2]
        own = (word for _, word in self._list_own_words(found))
        other = any(word.text in _ABSENCE_WORDS for word in beside) or any(
            "anim" in form.grammemes for form in noun.parses[:1]
        )
        return other and all(_is_genitive(word) for word in own)

    def _has_negated_noun(self, found: FoundPhrase) -> bool:
        """«лифт застрял без людей», «мы не в лифте ждём»: one of its nouns is not there."""
        for at, word in self._list_own_words(found):
            if not at or found.span.mask >> (at - 1) & 1:
                continue
            before = self._line.words[at - 1]
            if before.text in _NOUN_NEGATORS and _is_genitive(word):
                return True
            if self._line.negated[at - 1] and before.has_part_of_speech("PREP") and word.has_part_of_speech(*_NOUNS):
                return True
        return False

    def _has_absent_thing(self, found: FoundPhrase) -> bool:
        """«воняет, дыма нет», «капает, розеток там нету»: one of its things is not there. People are not things: of
        them «нет» says that they are lost."""
        return any(
            self._is_ungoverned_genitive(at) and self._is_denied_after(found, at)
            for at, _ in self._list_own_words(found)
        )

    def _is_ungoverned_genitive(self, at: int) -> bool:
        """A thing in the genitive that no preposition governs."""
        word = self._line.words[at]
        governed = any(one.has_part_of_speech("PREP") for one in self._line.words[max(0, at - 1) : at])
        return not governed and _is_genitive(word) and not any("anim" in form.grammemes for form in word.parses[:1])

    def _is_denied_after(self, found: FoundPhrase, noun: int) -> bool:
        """Whether «нет» or «не было» follows soon, and no noun of its own after it: «запах газа нет | света»."""
        words = self._line.words
        place = False
        if any(word.text in _NEGATIVE_PRONOUNS for word in words[noun + 1 : noun + 1 + _MAX_DENIAL_DISTANCE]):
            return False
        for at in range(noun + 1, min(noun + 1 + _MAX_DENIAL_DISTANCE, len(words))):
            word = words[at]
            if word.text in _ABSENCE_WORDS or (word.text in _PAST_COPULAS and self._line.negated[at]):
                last = at + 1 == len(words)
                return not found.span.mask >> at & 1 and (last or not _is_deniable_noun(words[at + 1]))
            place = place or word.has_part_of_speech("PREP")
            if not (
                word.is_filler
                or word.has_part_of_speech("PREP", "NPRO", "ADVB", "PRCL")
                or (place and _is_locative(word))
            ):
                return False
        return False

    def _is_repeated_and_denied(self, found: FoundPhrase, at: int) -> bool:
        """«кричал пожар, а пожара никакого нет»: the same noun once more, and denied."""
        again = self._line.words[at]
        if not _is_genitive(again):
            return False
        own = [word for _, word in self._list_own_words(found)]
        if any(_is_verb(word) or word.text == again.text for word in own):
            return False
        beside = [*self._line.words[at - 1 : at], *self._line.words[at + 1 : at + 3]]
        return any(word.has_lemma(again.lemma) for word in own) and any(word.text in DENIALS for word in beside)

    def _is_hypothetical(self, found: FoundPhrase) -> bool:
        """«допустим, застряли в лифте», «датчик, чтобы пищал»."""
        if self._matches_by_key[SUPPOSED] and not self._now:
            return True
        return any(
            _is_verb(word) and at and self._line.words[at - 1].text in _SO_THAT
            for at, word in self._list_own_words(found)
        )

    def _is_supposed(self, found: FoundPhrase, *, future: bool) -> bool:
        own = list(self._list_own_words(found))
        verbs = [word for at, word in own if _is_verb(word) and not self._is_narrative_future(at)]
        before = [
            one
            for key in (IF, FEAR)
            for one in self._matches_by_key[key]
            if one.span.first <= found.span.last and not (key == FEAR and self._has_verb_between(found, one))
        ]
        if verbs and all(
            _has_only_grammeme(word, "futr") and (before or not _is_polite_imperative(word)) for word in verbs
        ):
            if future:
                return bool(before)
            return not any(now.last < found.span.first for now in self._now)
        for at, word in own:
            if _is_verb(word) and any(one.text == "бы" for one in self._line.words[max(0, at - 1) : at + 2]):
                return True
            if word.has_part_of_speech("INFN") and not word.has_part_of_speech("VERB"):
                near = self._line.words[max(0, at - 2) : at + 3]
                if any(self._is_not_yet(one) for one in near):
                    return True
        return bool(before) and not verbs and not self._now

    def _is_narrative_future(self, at: int) -> bool:
        """«как бабахнет»: so it was."""
        return at > 0 and self._line.words[at - 1].text == "как" and _has_only_grammeme(self._line.words[at], "futr")

    def _is_not_yet(self, word: Word) -> bool:
        """Whether a word beside an infinitive says that it is not yet: «может загореться», not «не могу выйти»."""
        if word.text in _NOT_YET:
            return True
        at = next(at for at, one in enumerate(self._line.words) if one is word)
        return word.has_lemma(*_MODAL_VERBS) and not self._line.negated[at]

    def _is_hearsay(self, found: FoundPhrase) -> bool:
        """Heard of, with nobody of ours between the tale and the danger: not «в новостях пожар, а у нас дым»."""
        for tale in self._matches_by_key[TALE]:
            between = self._line.words[min(tale.span.last, found.span.last) + 1 : found.span.first]
            if not self._matches_by_key[NOW] and not any(word.has_lemma(*_SPEAKER_WORDS) for word in between):
                return True
        return False

    def _is_over(self, found: FoundPhrase) -> bool:
        begun = found.span.first
        after = [
            one.span for one in self._matches_by_key[OVER] if one.span.first > begun or one.span.last > found.span.last
        ]
        if self._is_in_past_tense(found):
            after += [one.span for one in self._matches_by_key[GONE] if one.span.last > found.span.last]
        later = [one.span for one in self._matches_by_key[NOW] if one.span.first > found.span.last]
        doubted = self._matches_by_key[DOUBT] and not self._matches_by_key[PAST]
        return bool(after) and not doubted and all(any(_belongs_to(now, over) for over in after) for now in later)

    def _is_in_past_tense(self, found: FoundPhrase) -> bool:
        """Told in the past: a verb in it, or «был» beside it."""
        words, spot = self._line.words, found.span
        near = words[max(0, spot.first - 1) : spot.last + 2]
        return any(
            "past" in form.grammemes for _, word in self._list_own_words(found) for form in word.parses[:1]
        ) or any(word.text in _PAST_COPULAS for word in near)

    def _is_past(self, found: FoundPhrase) -> bool:
        if self._now or any(_is_present(word) for _, word in self._list_own_words(found)):
            return False
        pasts = [*self._matches_by_key[PAST], *(self._matches_by_key[WHEN] if self._is_told_in_past(found) else ())]
        return any(
            not self._has_verb_between(found, past) and not self._has_closer_past_verb(found, past) for past in pasts
        )

    def _is_told_in_past(self, found: FoundPhrase) -> bool:
        """A verb in the past in it or beside it: «муж в лифте просидел»."""
        near = self._line.words[max(0, found.span.first - 1) : found.span.last + 2]
        return self._is_in_past_tense(found) or any(
            "past" in form.grammemes for word in near for form in word.parses[:1]
        )

    def _has_verb_between(self, found: FoundPhrase, past: FoundPhrase) -> bool:
        """A verb of its own between the word for the past and the phrase: «вчера звонила, а в лифте застряли»."""
        first, last = sorted((found.span, past.span), key=lambda spot: spot.first)
        between = self._line.words[first.last + 1 : last.first]
        return any(_is_verb(word) and word.text not in _PAST_COPULAS for word in between)

    def _has_closer_past_verb(self, found: FoundPhrase, past: FoundPhrase) -> bool:
        """Whether a verb in the past stands as near to the word for it as the phrase does: «запах газа, я вчера
        звонила», «газом пахнет, мастер был вчера»; not «вчера был запах газа»."""
        own = found.span.mask | past.span.mask
        gap = max(found.span.first - past.span.last, past.span.first - found.span.last, 0)
        for at, word in enumerate(self._line.words):
            if own >> at & 1 or not any("past" in form.grammemes for form in word.parses[:1]):
                continue
            beside = found.span.first - 1 <= at <= found.span.last + 1
            if min(abs(at - past.span.first), abs(at - past.span.last)) <= gap and not (
                word.text in _PAST_COPULAS and beside
            ):
                return True
        return False


def _belongs_to(now: PhraseSpan, over: PhraseSpan) -> bool:
    """«теперь вроде починили»: the word for now belongs to what is over."""
    return bool(now.mask & over.mask) or 0 < over.first - now.last <= _MAX_MARKER_DISTANCE


def _is_verb(word: Word) -> bool:
    """Of a word that the dictionary lacks any reading will do: «пахнит»."""
    return any(form.part_of_speech in _VERBS for form in (word.parses[:1] if word.in_dictionary else word.parses))


def _has_only_grammeme(word: Word, mark: str) -> bool:
    """Of its verbs; «загоримся» may be a call to do so as well, which nobody means."""
    verbs = [form for form in word.parses if form.part_of_speech in _VERBS and "incl" not in form.grammemes]
    return word.in_dictionary and all(mark in form.grammemes for form in verbs)


def _is_polite_imperative(word: Word) -> bool:
    """«вызволите нас»: of you it is a request."""
    return all({"2per", "plur"} <= form.grammemes for form in word.parses if form.part_of_speech in _VERBS)


def _is_present(word: Word) -> bool:
    """A verb: «искрящий щиток чинили» is past."""
    return any("pres" in form.grammemes and form.part_of_speech in _VERBS for form in word.parses[:1])


def _is_deniable_noun(word: Word) -> bool:
    """What «нет» before it may deny: «света», not «неделю» or «таз»."""
    return any(form.part_of_speech in _NOUNS for form in word.parses[:1]) and _is_genitive(word)


def _is_locative(word: Word) -> bool:
    return any("loct" in form.grammemes for form in word.parses)


def _is_genitive(word: Word) -> bool:
    return any({"gent", "gen2"} & form.grammemes for form in word.parses if form.part_of_speech in _NOUNS)
