"""Decides whether the rest of a line cancels a phrase of danger. `Dangers` asks for every phrase that it finds.

A phrase is canceled by:

- denial: «нет», «без», «ни», «никакого» beside a noun in the genitive («пожара нет», «без дыма», «воняет, дыма нет»); a
  phrase with «не» before its own word is not found at all («не горит»);
- the past: a word for the past, if the phrase has no verb in the present and the line no word for now («вчера
  прорвало», not «со вчера пахнет»); a day or a season counts only beside a verb in the past («в субботу застряли», not
  «в субботу искрит»);
- a supposition: a verb in the future («если запахнет», not «если пахнет», and not a threat: «убьёт»), or a noun after
  «если», «в случае»; a question «на будущее» or for teaching a child makes the whole line hypothetical;
- an end: later words say that the danger is over («был дым, потушили»);
- hearsay: television, a drill or another town, without a mention of the speaker («в новостях: взорвался дом»).
"""

from collections.abc import Iterator, Mapping, Sequence

from callcenter.understanding.phrases.matching import FoundPhrase, PhraseLine, PhraseSpan
from callcenter.understanding.words import Word

DENIALS = frozenset(["нет", "нету", "нетути", "никакого", "никакой", "никаких", "без", "ни", "отсутствует"])
NEGATIONS = DENIALS | {"не"}
_NOUN_NEGATORS = frozenset(["без", "ни", "никакого", "никаких"])
"""Words that deny the noun right after them, whatever else the line says about the noun."""
_NEGATIVE_PRONOUNS = frozenset(["никого", "ничего", "некого"])
"""Pronouns that a «нет» beside them belongs to, and not to the noun before: «запах газа, никого нет»."""
_ABSENCE_WORDS = frozenset(["нет", "нету", "нетути", "никаких", "никакого", "отсутствует"])
_MAX_DENIAL_DISTANCE = 5
"""Maximum number of words after a noun within which «нет» still denies it: «розеток там рядом нету»."""
_MODAL_VERBS = frozenset(["перестать", "мочь", "прекратить", "стоить"])
"""Lemmas of verbs that make an infinitive beside them something that does not happen, or not yet."""
_SO_THAT = frozenset(("чтобы", "чтоб"))
_NOT_YET = _SO_THAT | {"будет", "бы", "можно"}
"""Words that make an infinitive beside them something that has not happened yet."""
_PAST_COPULAS = frozenset(("был", "была", "было", "были"))
_MAX_MARKER_DISTANCE = 2
"""Maximum distance in words from a word for now to a later word for «over» that it belongs to."""
_NOUNS = ("NOUN", "NPRO")
_FUNCTION_WORD_PARTS = ("PREP", "CONJ", "PRCL")
_ADVERB_PARTS = ("ADVB", "PRED")
_VERBS = ("VERB", "INFN")
PAST, WHEN, NOW, IF, SUPPOSED, OVER = "past", "when", "now", "if", "supposed", "over"
GONE, FEAR, DOUBT, TALE, OPEN = "gone", "fear", "doubt", "tale", "open"
MARKS = (PAST, WHEN, NOW, IF, SUPPOSED, OVER, GONE, FEAR, DOUBT, TALE, OPEN)
"""The keys of `context.yaml`."""
_SPEAKER_WORDS = ("я", "мы", "мой", "наш", "тут", "здесь")
"""Lemmas that bring a story back to the speaker: after one of them a danger is not hearsay."""


class DangerContext:
    """Judges phrases of danger by the rest of their line. `marks`: a key of `MARKS` -> its matches in the line."""

    def __init__(self, line: PhraseLine, marks: Mapping[str, Sequence[FoundPhrase]]) -> None:
        self._line = line
        self._matches_by_key = marks
        over = [one.span for key in (OVER, GONE) for one in marks[key]]
        self._now = [one.span for one in marks[NOW] if not any(_belongs_to(one.span, other) for other in over)]
        """Words for now, without those that belong to a word for «over» or «gone»: «сейчас всё тихо»."""

    def is_cancelled(self, found: FoundPhrase, *, future: bool) -> bool:
        """Whether the phrase is denied, past, over, hearsay or hypothetical.

        `future`: a verb in the future does not cancel it, unless a word for «if» or fear stands before it.
        """
        if self._is_denied(found) or self._is_over(found) or self._is_past(found) or self._is_hearsay(found):
            return True
        return self._is_hypothetical(found) or self._is_supposed(found, future=future)

    def can_be_denied_next(self, found: FoundPhrase) -> bool:
        """Whether the next word, after the bar, may cancel the phrase, which ends the line so far or is a past story.

        «запаха газа | нет», «горит | лампочка», «дым от | вейпа», «пожар был | в мае», «искрило сегодня | нет».
        """
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
        """Whether all verbs are past imperfective («искрило»): the rest may tell when it was, or that it is over."""
        verbs = [word.parses[0] for _, word in self._list_own_words(found) if _is_verb(word)]
        return bool(verbs) and all({"past", "impf"} <= form.grammemes for form in verbs)

    def _can_be_absent_next(self, found: FoundPhrase) -> bool:
        """Whether the phrase ends with a thing in the genitive that «нет» may deny: «капает, розеток там | нет»."""
        at = found.span.last
        after = self._line.words[at + 1 :]
        small = all(word.is_filler or word.has_part_of_speech("PREP", "NPRO", "ADVB", "PRCL") for word in after)
        return self._is_ungoverned_genitive(at) and small and len(after) < _MAX_DENIAL_DISTANCE

    def _list_own_words(self, found: FoundPhrase) -> Iterator[tuple[int, Word]]:
        for at in range(found.span.first, found.span.last + 1):
            if found.span.mask >> at & 1:
                yield at, self._line.words[at]

    def _may_be_denied(self, found: FoundPhrase, word: Word) -> bool:
        """Whether a denial beside `word` can deny the phrase.

        The phrase must have no verb, and its first noun or `word` must be in the genitive.
        """
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
        """Whether the noun after «нет» leaves the denial to the phrase, all of whose words are in the genitive.

        The noun has a «нет» of its own («дыма нет, огня нет») or is a form of address («пожара нету, внучек»).
        """
        noun, *beside = self._line.words[following : following + 2]
        own = (word for _, word in self._list_own_words(found))
        other = any(word.text in _ABSENCE_WORDS for word in beside) or any(
            "anim" in form.grammemes for form in noun.parses[:1]
        )
        return other and all(_is_genitive(word) for word in own)

    def _has_negated_noun(self, found: FoundPhrase) -> bool:
        """Whether one of the phrase's nouns is negated: «лифт застрял без людей», «мы не в лифте ждём»."""
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
        """Whether one of the phrase's things is absent: «воняет, дыма нет», «капает, розеток там нету».

        People and animals are excluded: «нет» after them means that they are missing.
        """
        return any(
            self._is_ungoverned_genitive(at) and self._is_denied_after(found, at)
            for at, _ in self._list_own_words(found)
        )

    def _is_ungoverned_genitive(self, at: int) -> bool:
        """Whether the word is an inanimate noun in the genitive without a preposition before it."""
        word = self._line.words[at]
        governed = any(one.has_part_of_speech("PREP") for one in self._line.words[max(0, at - 1) : at])
        return not governed and _is_genitive(word) and not any("anim" in form.grammemes for form in word.parses[:1])

    def _is_denied_after(self, found: FoundPhrase, noun: int) -> bool:
        """Whether «нет» or «не было» soon follows and denies the noun, not a later one: «запах газа нет | света»."""
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
        """Whether a noun of the phrase is repeated and denied: «кричал пожар, а пожара никакого нет»."""
        again = self._line.words[at]
        if not _is_genitive(again):
            return False
        own = [word for _, word in self._list_own_words(found)]
        if any(_is_verb(word) or word.text == again.text for word in own):
            return False
        beside = [*self._line.words[at - 1 : at], *self._line.words[at + 1 : at + 3]]
        return any(word.has_lemma(again.lemma) for word in own) and any(word.text in DENIALS for word in beside)

    def _is_hypothetical(self, found: FoundPhrase) -> bool:
        """Whether the line is an example («допустим, застряли в лифте») or a wish («датчик, чтобы пищал»)."""
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
        """Whether a future form after «как» tells a past event: «как бабахнет»."""
        return at > 0 and self._line.words[at - 1].text == "как" and _has_only_grammeme(self._line.words[at], "futr")

    def _is_not_yet(self, word: Word) -> bool:
        """Whether a word beside an infinitive means «has not happened»: «может загореться», not «не могу выйти»."""
        if word.text in _NOT_YET:
            return True
        at = next(at for at, one in enumerate(self._line.words) if one is word)
        return word.has_lemma(*_MODAL_VERBS) and not self._line.negated[at]

    def _is_hearsay(self, found: FoundPhrase) -> bool:
        """Whether the danger is news from elsewhere: no word for now, none for the speaker between tale and danger.

        «в новостях пожар, а у нас дым» is not hearsay.
        """
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
        """Whether the phrase has a verb in the past, or «был» inside or beside it."""
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
        """Whether a verb in the past stands in the phrase or beside it: «муж в лифте просидел»."""
        near = self._line.words[max(0, found.span.first - 1) : found.span.last + 2]
        return self._is_in_past_tense(found) or any(
            "past" in form.grammemes for word in near for form in word.parses[:1]
        )

    def _has_verb_between(self, found: FoundPhrase, past: FoundPhrase) -> bool:
        """Whether another verb stands between the phrase and the mark: «вчера звонила, а в лифте застряли».

        The mark, a word for the past or for fear, then belongs to that verb.
        """
        first, last = sorted((found.span, past.span), key=lambda spot: spot.first)
        between = self._line.words[first.last + 1 : last.first]
        return any(_is_verb(word) and word.text not in _PAST_COPULAS for word in between)

    def _has_closer_past_verb(self, found: FoundPhrase, past: FoundPhrase) -> bool:
        """Whether another verb in the past is as near to the word for the past as the phrase, and so owns that word.

        «запах газа, я вчера звонила», «газом пахнет, мастер был вчера»; not «вчера был запах газа».
        """
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
    """Whether a word for now belongs to a word for «over»: «теперь вроде починили»."""
    return bool(now.mask & over.mask) or 0 < over.first - now.last <= _MAX_MARKER_DISTANCE


def _is_verb(word: Word) -> bool:
    """Whether a word is a verb by its likeliest parse; by any parse if the dictionary lacks the word: «пахнит»."""
    return any(form.part_of_speech in _VERBS for form in (word.parses[:1] if word.in_dictionary else word.parses))


def _has_only_grammeme(word: Word, mark: str) -> bool:
    """Whether all verb parses of a dictionary word have the grammeme `mark`.

    Inclusive imperatives are ignored: «загоримся» can be parsed as a call to catch fire together.
    """
    verbs = [form for form in word.parses if form.part_of_speech in _VERBS and "incl" not in form.grammemes]
    return word.in_dictionary and all(mark in form.grammemes for form in verbs)


def _is_polite_imperative(word: Word) -> bool:
    """Whether all verb parses are second person plural: «вызволите нас» has a future form but is a request."""
    return all({"2per", "plur"} <= form.grammemes for form in word.parses if form.part_of_speech in _VERBS)


def _is_present(word: Word) -> bool:
    """Whether a word is a verb in the present; a participle is not one: «искрящий щиток чинили» is past."""
    return any("pres" in form.grammemes and form.part_of_speech in _VERBS for form in word.parses[:1])


def _is_deniable_noun(word: Word) -> bool:
    """Whether a «нет» before the word may deny it: a noun in the genitive («света»), not «неделю» or «таз»."""
    return any(form.part_of_speech in _NOUNS for form in word.parses[:1]) and _is_genitive(word)


def _is_locative(word: Word) -> bool:
    return any("loct" in form.grammemes for form in word.parses)


def _is_genitive(word: Word) -> bool:
    return any({"gent", "gen2"} & form.grammemes for form in word.parses if form.part_of_speech in _NOUNS)
