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

from callcenter.understanding.phrases.matching import Found, Line, Spot
from callcenter.understanding.words import Word

DENIALS = frozenset(["нет", "нету", "нетути", "никакого", "никакой", "никаких", "без", "ни", "отсутствует"])
NEGATIONS = DENIALS | {"не"}
_LACKING = frozenset(["без", "ни", "никакого", "никаких"])
"""They deny the noun right after them, whatever else is said of it."""
_NOBODY = frozenset(["никого", "ничего", "некого"])
"""What «нет» beside them lacks is they: «запах газа, никого нет»."""
_ABSENT = frozenset(["нет", "нету", "нетути", "никаких", "никакого", "отсутствует"])
_AFTER = 5
"""Words after a noun among which «нет» still belongs to it: «розеток там рядом нету»."""
_HELPERS = frozenset(["перестать", "мочь", "прекратить", "стоить"])
"""Before an infinitive these say that it is not, or not yet."""
_SO_THAT = frozenset(("чтобы", "чтоб"))
_NOT_YET = _SO_THAT | {"будет", "бы", "можно"}
_WAS = frozenset(("был", "была", "было", "были"))
_NEXT = 2
"""Words from one for now to one for over that belong together."""
_NOUNS = ("NOUN", "NPRO")
_SMALL = ("PREP", "CONJ", "PRCL")
_HOW = ("ADVB", "PRED")
_VERBS = ("VERB", "INFN")
PAST, WHEN, NOW, IF, SUPPOSED, OVER = "past", "when", "now", "if", "supposed", "over"
GONE, FEAR, DOUBT, TALE, OPEN = "gone", "fear", "doubt", "tale", "open"
MARKS = (PAST, WHEN, NOW, IF, SUPPOSED, OVER, GONE, FEAR, DOUBT, TALE, OPEN)
"""The keys of `context.yaml`."""
_OURS = ("я", "мы", "мой", "наш", "тут", "здесь")


class Context:
    """What the rest of the line says about a phrase in it."""

    def __init__(self, line: Line, marks: Mapping[str, Sequence[Found]]) -> None:
        self._line = line
        self._marks = marks
        over = [one.spot for key in (OVER, GONE) for one in marks[key]]
        self._now = [one.spot for one in marks[NOW] if not any(_leads_to(one.spot, other) for other in over)]
        """Words for now, without those of what is over: «сейчас всё тихо»."""

    def cancels(self, found: Found, *, future: bool) -> bool:
        """Whether the phrase is denied, past, over, or only supposed; `future`: what will be counts too."""
        if self._is_denied(found) or self._is_over(found) or self._is_past(found) or self._is_tale(found):
            return True
        return self._is_imagined(found) or self._is_supposed(found, future=future)

    def may_be_denied_next(self, found: Found) -> bool:
        """Whether the line ends with the phrase, and the next word may take it back: «запаха газа | нет»,
        «горит | лампочка», «дым от | вейпа», «мне плохо | слышно», «пожар был | в мае», «искрило сегодня | нет»."""
        if self._is_narrated(found) or self._may_be_missing_next(found):
            return True
        last = self._line.words[found.spot.last]
        now = {at for one in self._marks[NOW] for at in range(one.spot.first, one.spot.last + 1)}
        for at in range(found.spot.last + 1, len(self._line.words)):
            word = self._line.words[at]
            if not (word.may_be(*_SMALL) or word.text in _WAS or (at in now and self._was(found))):
                return False
        if found.spot.last + 1 < len(self._line.words) and self._was(found):
            return True
        if found.spot.mask.bit_count() == 1 or last.may_be(*_HOW) or self._may_be_denied(found, last):
            return True
        return any(one.spot.last == found.spot.last for one in self._marks[OPEN])

    def _is_narrated(self, found: Found) -> bool:
        """«искрило», «в лифте сидела»: a story of what was may go on with when that was, or that it is over."""
        verbs = [word.forms[0] for _, word in self._own(found) if _is_verb(word)]
        return bool(verbs) and all({"past", "impf"} <= form.marks for form in verbs)

    def _may_be_missing_next(self, found: Found) -> bool:
        """«капает, розеток там | нет»."""
        at = found.spot.last
        after = self._line.words[at + 1 :]
        small = all(word.filler or word.may_be("PREP", "NPRO", "ADVB", "PRCL") for word in after)
        return self._is_bare(at) and small and len(after) < _AFTER

    def _own(self, found: Found) -> Iterator[tuple[int, Word]]:
        for at in range(found.spot.first, found.spot.last + 1):
            if found.spot.mask >> at & 1:
                yield at, self._line.words[at]

    def _may_be_denied(self, found: Found, word: Word) -> bool:
        """Only what has no verb, and whose first noun, or the word beside the denial, is in the genitive."""
        own = [one for _, one in self._own(found)]
        if any(_is_verb(one) for one in own):
            return False
        first = next((one for one in own if one.may_be(*_NOUNS)), word)
        return _is_genitive(first) or _is_genitive(word)

    def _is_denied(self, found: Found) -> bool:
        words, spot = self._line.words, found.spot
        if (
            self._lacks(found)
            or self._is_missing(found)
            or any(self._denies_again(found, at) for at in range(spot.last + 1, len(words)))
        ):
            return True
        before = [word for word in words[max(0, spot.first - 3) : spot.first] if not word.filler]
        if before and before[-1].text in DENIALS and self._may_be_denied(found, words[spot.first]):
            return True
        after = words[spot.last + 1 : spot.last + 5]
        if not self._may_be_denied(found, words[spot.last]) or any(word.text in _NOBODY for word in after):
            return False
        for at, word in enumerate(after, spot.last + 1):
            if word.text in DENIALS or (word.text in _WAS and self._line.negated[at]):
                return at + 1 == len(words) or not _may_lack(words[at + 1]) or self._is_listed(found, at + 1)
            if not (word.filler or word.may_be("PREP", "NPRO", "ADVB", "PRCL")):
                return False
        return False

    def _is_listed(self, found: Found, following: int) -> bool:
        """«дыма нет, огня нет», «пожара нету, внучек»: the noun that follows has a «нет» of its own, or is spoken to,
        and the phrase is all in the genitive."""
        noun, *beside = self._line.words[following : following + 2]
        own = (word for _, word in self._own(found))
        other = any(word.text in _ABSENT for word in beside) or any("anim" in form.marks for form in noun.forms[:1])
        return other and all(_is_genitive(word) for word in own)

    def _lacks(self, found: Found) -> bool:
        """«лифт застрял без людей», «мы не в лифте ждём»: one of its nouns is not there."""
        for at, word in self._own(found):
            if not at or found.spot.mask >> (at - 1) & 1:
                continue
            before = self._line.words[at - 1]
            if before.text in _LACKING and _is_genitive(word):
                return True
            if self._line.negated[at - 1] and before.may_be("PREP") and word.may_be(*_NOUNS):
                return True
        return False

    def _is_missing(self, found: Found) -> bool:
        """«воняет, дыма нет», «капает, розеток там нету»: one of its things is not there. People are not things: of
        them «нет» says that they are lost."""
        return any(self._is_bare(at) and self._is_denied_after(found, at) for at, _ in self._own(found))

    def _is_bare(self, at: int) -> bool:
        """A thing in the genitive that no preposition governs."""
        word = self._line.words[at]
        governed = any(one.may_be("PREP") for one in self._line.words[max(0, at - 1) : at])
        return not governed and _is_genitive(word) and not any("anim" in form.marks for form in word.forms[:1])

    def _is_denied_after(self, found: Found, noun: int) -> bool:
        """Whether «нет» or «не было» follows soon, and no noun of its own after it: «запах газа нет | света»."""
        words = self._line.words
        place = False
        if any(word.text in _NOBODY for word in words[noun + 1 : noun + 1 + _AFTER]):
            return False
        for at in range(noun + 1, min(noun + 1 + _AFTER, len(words))):
            word = words[at]
            if word.text in _ABSENT or (word.text in _WAS and self._line.negated[at]):
                last = at + 1 == len(words)
                return not found.spot.mask >> at & 1 and (last or not _may_lack(words[at + 1]))
            place = place or word.may_be("PREP")
            if not (word.filler or word.may_be("PREP", "NPRO", "ADVB", "PRCL") or (place and _is_placed(word))):
                return False
        return False

    def _denies_again(self, found: Found, at: int) -> bool:
        """«кричал пожар, а пожара никакого нет»: the same noun once more, and denied."""
        again = self._line.words[at]
        if not _is_genitive(again):
            return False
        own = [word for _, word in self._own(found)]
        if any(_is_verb(word) or word.text == again.text for word in own):
            return False
        beside = [*self._line.words[at - 1 : at], *self._line.words[at + 1 : at + 3]]
        return any(word.has(again.lemma) for word in own) and any(word.text in DENIALS for word in beside)

    def _is_imagined(self, found: Found) -> bool:
        """«допустим, застряли в лифте», «датчик, чтобы пищал»."""
        if self._marks[SUPPOSED] and not self._now:
            return True
        return any(_is_verb(word) and at and self._line.words[at - 1].text in _SO_THAT for at, word in self._own(found))

    def _is_supposed(self, found: Found, *, future: bool) -> bool:
        own = list(self._own(found))
        verbs = [word for at, word in own if _is_verb(word) and not self._is_lively(at)]
        before = [
            one
            for key in (IF, FEAR)
            for one in self._marks[key]
            if one.spot.first <= found.spot.last and not (key == FEAR and self._verb_between(found, one))
        ]
        if verbs and all(_is_only(word, "futr") and (before or not _is_asked(word)) for word in verbs):
            if future:
                return bool(before)
            return not any(now.last < found.spot.first for now in self._now)
        for at, word in own:
            if _is_verb(word) and any(one.text == "бы" for one in self._line.words[max(0, at - 1) : at + 2]):
                return True
            if word.may_be("INFN") and not word.may_be("VERB"):
                near = self._line.words[max(0, at - 2) : at + 3]
                if any(self._puts_off(one) for one in near):
                    return True
        return bool(before) and not verbs and not self._now

    def _is_lively(self, at: int) -> bool:
        """«как бабахнет»: so it was."""
        return at > 0 and self._line.words[at - 1].text == "как" and _is_only(self._line.words[at], "futr")

    def _puts_off(self, word: Word) -> bool:
        """Whether a word beside an infinitive says that it is not yet: «может загореться», not «не могу выйти»."""
        if word.text in _NOT_YET:
            return True
        at = next(at for at, one in enumerate(self._line.words) if one is word)
        return word.has(*_HELPERS) and not self._line.negated[at]

    def _is_tale(self, found: Found) -> bool:
        """Heard of, with nobody of ours between the tale and the danger: not «в новостях пожар, а у нас дым»."""
        for tale in self._marks[TALE]:
            between = self._line.words[min(tale.spot.last, found.spot.last) + 1 : found.spot.first]
            if not self._marks[NOW] and not any(word.has(*_OURS) for word in between):
                return True
        return False

    def _is_over(self, found: Found) -> bool:
        begun = found.spot.first
        after = [one.spot for one in self._marks[OVER] if one.spot.first > begun or one.spot.last > found.spot.last]
        if self._was(found):
            after += [one.spot for one in self._marks[GONE] if one.spot.last > found.spot.last]
        later = [one.spot for one in self._marks[NOW] if one.spot.first > found.spot.last]
        doubted = self._marks[DOUBT] and not self._marks[PAST]
        return bool(after) and not doubted and all(any(_leads_to(now, over) for over in after) for now in later)

    def _was(self, found: Found) -> bool:
        """Told in the past: a verb in it, or «был» beside it."""
        words, spot = self._line.words, found.spot
        near = words[max(0, spot.first - 1) : spot.last + 2]
        return any("past" in form.marks for _, word in self._own(found) for form in word.forms[:1]) or any(
            word.text in _WAS for word in near
        )

    def _is_past(self, found: Found) -> bool:
        if self._now or any(_is_present(word) for _, word in self._own(found)):
            return False
        pasts = [*self._marks[PAST], *(self._marks[WHEN] if self._is_told_in_past(found) else ())]
        return any(not self._verb_between(found, past) and not self._tells_of_another(found, past) for past in pasts)

    def _is_told_in_past(self, found: Found) -> bool:
        """A verb in the past in it or beside it: «муж в лифте просидел»."""
        near = self._line.words[max(0, found.spot.first - 1) : found.spot.last + 2]
        return self._was(found) or any("past" in form.marks for word in near for form in word.forms[:1])

    def _verb_between(self, found: Found, past: Found) -> bool:
        """A verb of its own between the word for the past and the phrase: «вчера звонила, а в лифте застряли»."""
        first, last = sorted((found.spot, past.spot), key=lambda spot: spot.first)
        between = self._line.words[first.last + 1 : last.first]
        return any(_is_verb(word) and word.text not in _WAS for word in between)

    def _tells_of_another(self, found: Found, past: Found) -> bool:
        """Whether a verb in the past stands as near to the word for it as the phrase does: «запах газа, я вчера
        звонила», «газом пахнет, мастер был вчера»; not «вчера был запах газа»."""
        own = found.spot.mask | past.spot.mask
        gap = max(found.spot.first - past.spot.last, past.spot.first - found.spot.last, 0)
        for at, word in enumerate(self._line.words):
            if own >> at & 1 or not any("past" in form.marks for form in word.forms[:1]):
                continue
            beside = found.spot.first - 1 <= at <= found.spot.last + 1
            if min(abs(at - past.spot.first), abs(at - past.spot.last)) <= gap and not (word.text in _WAS and beside):
                return True
        return False


def _leads_to(now: Spot, over: Spot) -> bool:
    """«теперь вроде починили»: the word for now belongs to what is over."""
    return bool(now.mask & over.mask) or 0 < over.first - now.last <= _NEXT


def _is_verb(word: Word) -> bool:
    """Of a word that the dictionary lacks any reading will do: «пахнит»."""
    return any(form.part in _VERBS for form in (word.forms[:1] if word.known else word.forms))


def _is_only(word: Word, mark: str) -> bool:
    """Of its verbs; «загоримся» may be a call to do so as well, which nobody means."""
    verbs = [form for form in word.forms if form.part in _VERBS and "incl" not in form.marks]
    return word.known and all(mark in form.marks for form in verbs)


def _is_asked(word: Word) -> bool:
    """«вызволите нас»: of you it is a request."""
    return all({"2per", "plur"} <= form.marks for form in word.forms if form.part in _VERBS)


def _is_present(word: Word) -> bool:
    """A verb: «искрящий щиток чинили» is past."""
    return any("pres" in form.marks and form.part in _VERBS for form in word.forms[:1])


def _may_lack(word: Word) -> bool:
    """What «нет» before it may deny: «света», not «неделю» or «таз»."""
    return any(form.part in _NOUNS for form in word.forms[:1]) and _is_genitive(word)


def _is_placed(word: Word) -> bool:
    return any("loct" in form.marks for form in word.forms)


def _is_genitive(word: Word) -> bool:
    return any({"gent", "gen2"} & form.marks for form in word.forms if form.part in _NOUNS)
