"""Finds the dangers of a line, by phrases and by the classifier: for the robot's alarm and for the desk's marks."""

from collections.abc import Sequence

from callcenter.understanding.dangers.dangers import Danger, Dangers, Gathered
from callcenter.understanding.learned.classifiers import OF_DANGERS, Classifier
from callcenter.understanding.phrases.matching import PhraseLine, is_content_word
from callcenter.understanding.phrases.misrecognitions import Misrecognitions
from callcenter.understanding.phrases.phrase_files import PhraseEntry
from callcenter.understanding.words import Word, read_words

MIN_CONTENT_WORDS = 4
"""Minimum number of content words of a line in which the model alone may find a danger; «сижу жду» is too little."""
MIN_DANGER_PROBABILITY = 0.4
"""Minimum probability, by the model, of a danger that no phrase found. Lowering it finds more dangers and raises more
false alarms (`meaning_model/README.md`)."""


class DangerFinder:
    """`dangers` and `context` are the entries of `dangers.yaml` and `context.yaml`."""

    def __init__(
        self, dangers: Sequence[PhraseEntry], context: Sequence[PhraseEntry], misrecognitions: Misrecognitions
    ) -> None:
        self._dangers = Dangers(dangers, context, misrecognitions)
        self._classifier = Classifier(OF_DANGERS)
        self._category_of = {
            entry.attributes.get("as", entry.key): entry.attributes["category"] for entry in reversed(dangers)
        }

    def find(self, text: str, *, is_final: bool = True) -> tuple[Danger, ...]:
        """The dangers of a final or a partial recognition result.

        With `is_final=False` more words may follow: act only on dangers that are `settled`. Phrases alone are used
        then, because the model judges whole lines.
        """
        words = read_words(text)
        line = PhraseLine(words)
        return self.select(words, line, self.match_phrases(line), is_final=is_final)

    def match_phrases(self, line: PhraseLine) -> Gathered:
        """The phrases of dangers and contexts in a line; reused by whoever asks more of the same line."""
        return self._dangers.match_phrases(line)

    def select(
        self, words: Sequence[Word], line: PhraseLine, gathered: Gathered, *, is_final: bool = True
    ) -> tuple[Danger, ...]:
        """The dangers that phrases find, otherwise at most one that the model finds.

        The model does not overrule phrases that match the words of a danger and cancel it: «газом не пахнет».
        """
        found = self._dangers.select_dangers(line, gathered)
        if found or not is_final or sum(is_content_word(word) for word in words) < MIN_CONTENT_WORDS:
            return found
        opinion = self._classifier.predict_strongest_part(words)
        if opinion.any_probability < MIN_DANGER_PROBABILITY:
            return ()
        if self._dangers.has_danger_words(words) or not self._dangers.can_mean(opinion.code, line):
            return ()
        category, phrase = self._category_of[opinion.code], f"learned, {opinion.any_probability:.2f}"
        said, _ = self._classifier.explain_prediction(words, opinion)
        return (Danger(opinion.code, category, said, phrase, settled=False),)
