"""Reads the steps of a script file into their types (script.py). Called by reader.py."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from callcenter.dialogue.scripts import vocabulary as words
from callcenter.dialogue.scripts.lexicon import ScriptLexicon
from callcenter.dialogue.scripts.nodes import MappingNode, Node, ScalarNode, ScriptProblems, SequenceNode, hint, suggest
from callcenter.dialogue.scripts.script import (
    KEYS,
    Act,
    ActionSpec,
    Answer,
    Ask,
    Choice,
    Digits,
    Goodbye,
    PutThrough,
    Reference,
    Step,
    Target,
    Tell,
)
from callcenter.dialogue.scripts.table_reader import TableReader

DEFAULT_SECONDS = 7
"""How long a question without «ждать» waits for the caller."""
MOST_DIGITS = 20
"""Upper limit for «от» and «до» of a number («цифры»)."""


class StepReader:
    """Reads the steps of one script. `targets`: where the step read last leads, even if it could not be built."""

    def __init__(
        self,
        findings: ScriptProblems,
        *,
        names: Collection[str],
        actions: Mapping[str, ActionSpec],
        allowed_values: Mapping[str, Collection[str]],
        lexicon: ScriptLexicon,
        defaults: TableReader | None,
        allow_missing_outcomes: bool = False,
        shared_answers: Mapping[str, SequenceNode] = MappingProxyType({}),
    ) -> None:
        """`names`: of all steps. `allowed_values`, `allow_missing_outcomes`: see read_script.

        `defaults`: the table «обычно». `shared_answers`: the lists of «общие ответы» by name.
        """
        self.targets: set[str] = set()
        self.has_unknown_targets = False
        """True if the targets of a step are unknown: it names a step like no other, or its answers are no list."""
        self._findings = findings
        self._names = names
        self._actions = actions
        self._values = allowed_values
        self._lexicon = lexicon
        self._defaults = defaults
        self._allow_missing_outcomes = allow_missing_outcomes
        self._shared_answers = shared_answers

    def read(self, name: ScalarNode, node: Node) -> Step | None:
        """Returns the step, or None when a required part is missing or invalid."""
        self.targets = set()
        kinds = self._find_kinds(name, node)
        if not kinds:
            return None
        kind = kinds[0]
        known = [word for one in kinds for word in (one, *words.STEP_WORDS[one])]
        sheet = TableReader(self._findings, node, known=known)
        sheet.position = name.position
        reading = {
            words.TELL: self._read_tell_step,
            words.ANSWER: self._read_article_step,
            words.ASK: self._read_ask_step,
            words.ACT: self._read_action_step,
            words.PUT_THROUGH: self._read_transfer_step,
            words.GOODBYE: self._read_goodbye_step,
        }
        return reading[kind](name, sheet)

    def read_target(self, sheet: TableReader, name: str) -> Target | None:
        """Returns the step that the value of key `name` names, as `find_step` does."""
        word = sheet.read_string(name)
        return None if word is None else self.find_step(word)

    def find_step(self, word: ScalarNode) -> Target | None:
        """Returns the step of that name, else the one with the closest name, else None. Reports an unknown name."""
        step: str | None = word.text
        if word.text not in self._names:
            self._findings.add(word.position, "IVR201", f"нет шага «{word.text}»{hint(word.text, self._names)}")
            step = suggest(word.text, self._names)
        if step is None:
            self.has_unknown_targets = True
            return None
        self.targets.add(step)
        return Target(step, word.position)

    def _find_kinds(self, name: ScalarNode, node: Node) -> list[str]:
        """Returns the keys that determine the kind of a step, in file order; reports it unless there is exactly one."""
        if not isinstance(node, MappingNode):
            self._findings.add(node.position, "IVR103", f"шаг «{name.text}»: здесь нужны строки «слово: значение»")
            return []
        known = {word for rest in words.STEP_WORDS.values() for word in rest}
        kinds = [key for key, _ in node.entries if key.text in words.STEP_WORDS]
        if len(kinds) > 1:
            self._findings.add(
                kinds[1].position,
                "IVR105",
                f"в шаге «{name.text}» и «{kinds[0].text}», и «{kinds[1].text}»; сделайте из него два шага",
            )
        if kinds:
            return [key.text for key in kinds]
        for key, _ in node.entries:
            meant = suggest(key.text, words.STEP_WORDS)
            if key.text not in known and meant:
                return [meant]
        self._findings.add(
            name.position,
            "IVR104",
            f"шаг «{name.text}» ничего не делает; в нём должно быть одно из: {', '.join(words.STEP_WORDS)}",
        )
        for key, value in node.entries:
            if key.text in (words.THEN, words.GIVE_UP, words.NO_INPUT_TARGET, words.NO_ANSWER) and isinstance(
                value, ScalarNode
            ):
                self.find_step(value)
        return []

    def _read_tell_step(self, name: ScalarNode, sheet: TableReader) -> Step | None:
        text, following = sheet.read_template(words.TELL), self.read_target(sheet, words.THEN)
        if text is None or following is None:
            return None
        return Tell(
            name.text,
            name.position,
            text,
            following,
            uninterrupted=sheet.read_flag(words.UNINTERRUPTED),
            is_recording_notice=sheet.read_flag(words.NOTICE),
            served=sheet.read_flag(words.SERVED),
        )

    def _read_article_step(self, name: ScalarNode, sheet: TableReader) -> Step | None:
        article, following = sheet.read_template(words.ANSWER), self.read_target(sheet, words.THEN)
        otherwise = self.read_target(sheet, words.NO_ANSWER)
        if article is None or following is None or otherwise is None:
            return None
        return Tell(
            name.text,
            name.position,
            Reference(article, otherwise),
            following,
            uninterrupted=sheet.read_flag(words.UNINTERRUPTED),
            served=sheet.read_flag(words.SERVED),
        )

    def _read_ask_step(self, name: ScalarNode, sheet: TableReader) -> Step | None:
        prompt, give_up = sheet.read_template(words.ASK), self.read_target(sheet, words.GIVE_UP)
        only_aloud = sheet.read_flag(words.ONLY_ALOUD)
        misses = sheet.read_prompt_series(
            words.MISSES, prompt, self._find_usual(words.NO_MATCH_SPEECH if only_aloud else words.MISSES)
        )
        silences = sheet.read_prompt_series(
            words.SILENCES, prompt, self._find_usual(words.NO_MATCH_SPEECH if only_aloud else words.SILENCES)
        )
        aloud = sheet.read_template(words.SPEECH_PROMPT) if words.SPEECH_PROMPT in sheet else None
        usual = self._find_usual(words.NO_MATCH_SPEECH)
        unheard = (
            sheet.read_prompt_series(words.NO_MATCH_SPEECH, prompt, usual)
            if words.NO_MATCH_SPEECH in sheet or usual
            else ()
        )
        seconds = sheet.read_integer(words.WAIT, least=3, most=30) if words.WAIT in sheet else DEFAULT_SECONDS
        uninterrupted = sheet.read_flag(words.UNINTERRUPTED)
        if words.DIGITS in sheet and words.ANSWERS in sheet:
            self._findings.add(name.position, "IVR105", "в вопросе и «ответы», и «цифры»; оставьте одно")
        reply = self._read_digit_input(sheet) if words.DIGITS in sheet else self._read_choice(sheet)
        if prompt is None or give_up is None or misses is None or silences is None or seconds is None or reply is None:
            return None
        left = self.read_target(sheet, words.NO_INPUT_TARGET) if words.NO_INPUT_TARGET in sheet else None
        if (
            (aloud is None and words.SPEECH_PROMPT in sheet)
            or (left is None and words.NO_INPUT_TARGET in sheet)
            or unheard is None
        ):
            return None
        ask = Ask(
            name.text,
            name.position,
            prompt,
            reply,
            misses,
            silences,
            give_up,
            float(seconds),
            uninterrupted,
            aloud,
            is_speech_only=only_aloud,
            no_input_target=left,
        )
        return replace(ask, no_match_speech_prompts=unheard) if ask.accepts_speech else ask

    def _find_usual(self, name: str) -> Node | None:
        return self._defaults.get_node(name) if self._defaults else None

    def _read_choice(self, sheet: TableReader) -> Choice | None:
        node = sheet.require_node(words.ANSWERS)
        if node is None:
            return None
        if not isinstance(node, SequenceNode) or not node.items:
            self._findings.add(node.position, "IVR103", f"«{words.ANSWERS}»: нужен список, каждый ответ с «- »")
            self.has_unknown_targets = True
            return None
        answers = [self._read_answer(item) for item in self._list_answers(node)]
        whole = tuple(answer for answer in answers if answer is not None)
        return Choice(whole) if len(whole) == len(answers) else None

    def _list_answers(self, row: SequenceNode) -> Iterator[Node]:
        """Yields the answers of a question, each «как в» replaced by the shared list that it names."""
        for item in row.items:
            if not isinstance(item, MappingNode) or [key.text for key, _ in item.entries] != [words.INCLUDE]:
                yield item
                continue
            name = TableReader(self._findings, item, known=(words.INCLUDE,)).read_string(words.INCLUDE)
            if name is not None and name.text not in self._shared_answers:
                message = f"нет общих ответов «{name.text}»{hint(name.text, self._shared_answers)}"
                self._findings.add(name.position, "IVR210", message)
            shared = (
                self._shared_answers.get(suggest(name.text, self._shared_answers) or "") if name is not None else None
            )
            yield from shared.items if shared is not None else ()

    def read_dangers(self, node: Node) -> tuple[Answer, ...]:
        """Reads «опасные слова»: answers that are chosen by speech only, at any moment of a call."""
        if not isinstance(node, SequenceNode) or not node.items:
            self._findings.add(node.position, "IVR103", f"«{words.DANGERS}»: нужен список, каждая опасность с «- »")
            return ()
        return tuple(danger for item in node.items if (danger := self._read_danger(item)) is not None)

    def _read_danger(self, node: Node) -> Answer | None:
        sheet = TableReader(self._findings, node, known=words.DANGER_WORDS)
        heard = sheet.get_node(words.HEARD) if words.UNDERSTOOD in sheet else sheet.require_node(words.HEARD)
        following, remember = self.read_target(sheet, words.THEN), self._read_facts(sheet)
        phrases = self._lexicon.compile_phrases(heard) if heard is not None else ()
        meanings = self.read_meanings(sheet, (words.DANGER_MEANING,))
        if not (phrases or meanings) or following is None or remember is None:
            return None
        return Answer(node.position, following, None, phrases, remember, meanings)

    def _read_answer(self, node: Node) -> Answer | None:
        sheet = TableReader(self._findings, node, known=words.ANSWER_WORDS)
        following = self.read_target(sheet, words.THEN)
        key = sheet.read_string(words.PRESSED) if words.PRESSED in sheet else None
        heard = sheet.get_node(words.HEARD)
        phrases = self._lexicon.compile_phrases(heard) if heard is not None else ()
        meanings = self.read_meanings(sheet, words.MEANINGS)
        if words.PRESSED not in sheet and heard is None and words.UNDERSTOOD not in sheet:
            ways = f"ни «{words.PRESSED}», ни «{words.HEARD}», ни «{words.UNDERSTOOD}»"
            self._findings.add(node.position, "IVR112", f"у ответа нет {ways}: его нельзя выбрать")
            return None
        if key is not None and (len(key.text) != 1 or key.text not in KEYS):
            self._findings.add(
                key.position, "IVR113", f"нет кнопки «{key.text}»; бывают 0-9, * и #, последние две в кавычках"
            )
            return None
        remember = self._read_facts(sheet)
        if following is None or remember is None:
            return None
        return Answer(node.position, following, key.text if key else None, phrases, remember, meanings)

    def read_meanings(self, sheet: TableReader, known: Collection[str]) -> tuple[str, ...]:
        """Returns the names under «поняв»: one or a list. Reports an unknown name and takes the closest known one."""
        node = sheet.get_node(words.UNDERSTOOD)
        items = node.items if isinstance(node, SequenceNode) else (node,) if node is not None else ()
        names = []
        for item in items:
            word = sheet.to_string(item)
            if word is not None and word.text not in known:
                self._findings.add(word.position, "IVR209", f"нет смысла «{word.text}»{hint(word.text, known)}")
            if word is not None and (name := suggest(word.text, known)) is not None:
                names.append(name)
        return tuple(names)

    def _read_facts(self, sheet: TableReader) -> tuple[tuple[str, str], ...] | None:
        node = sheet.get_node(words.REMEMBER)
        if node is None:
            return ()
        if not isinstance(node, MappingNode):
            self._findings.add(node.position, "IVR103", f"«{words.REMEMBER}»: нужно {{имя: значение}}")
            return None
        facts = []
        for name, value in node.entries:
            word = sheet.to_string(value)
            if word is None:
                continue
            allowed = self._values.get(name.text)
            if allowed is not None and word.text not in allowed:
                message = f"«{name.text}» не бывает «{word.text}»{hint(word.text, allowed)}"
                self._findings.add(word.position, "IVR207", message)
            facts.append((name.text, word.text))
        return tuple(facts)

    def _read_digit_input(self, sheet: TableReader) -> Digits | None:
        node = sheet.require_node(words.DIGITS)
        if node is None:
            return None
        digits = TableReader(self._findings, node, known=words.DIGITS_WORDS)
        least = digits.read_integer(words.LEAST, least=1, most=MOST_DIGITS)
        most = digits.read_integer(words.MOST, least=1, most=MOST_DIGITS)
        fact, following = digits.read_string(words.REMEMBER), self.read_target(digits, words.THEN)
        if least is not None and most is not None and least > most:
            self._findings.add(digits.position, "IVR110", f"«{words.LEAST}» больше, чем «{words.MOST}»")
        if least is None or most is None or fact is None or following is None:
            return None
        return Digits(least, most, fact.text, following)

    def _read_action_step(self, name: ScalarNode, sheet: TableReader) -> Step | None:
        action, give_up = sheet.read_string(words.ACT), self.read_target(sheet, words.GIVE_UP)
        spec = self._find_action(action) if action is not None else None
        node = sheet.require_node(words.OUTCOMES)
        outcomes: dict[str, Target] = {}
        if isinstance(node, MappingNode):
            for outcome, value in node.entries:
                known = outcome.text
                if spec is not None and outcome.text not in spec.outcomes:
                    message = f"у действия «{spec.name}» нет исхода «{outcome.text}»{hint(outcome.text, spec.outcomes)}"
                    self._findings.add(outcome.position, "IVR206", message)
                    known = suggest(outcome.text, spec.outcomes) or outcome.text
                word = sheet.to_string(value)
                following = self.find_step(word) if word is not None else None
                if following is not None:
                    outcomes[known] = following
            for missing in [outcome for outcome in spec.outcomes if outcome not in outcomes] if spec else []:
                message = f"не сказано, что делать при исходе «{missing}»"
                self._findings.add(node.position, "IVR208", message, fatal=not self._allow_missing_outcomes)
        elif node is not None:
            self._findings.add(node.position, "IVR103", f"«{words.OUTCOMES}»: нужны строки «исход: шаг»")
        if spec is None or give_up is None or not outcomes:
            return None
        return Act(name.text, name.position, spec, MappingProxyType(outcomes), give_up)

    def _find_action(self, word: ScalarNode) -> ActionSpec | None:
        if word.text not in self._actions:
            message = f"нет действия «{word.text}»{hint(word.text, self._actions)}"
            self._findings.add(word.position, "IVR202", message)
        return self._actions.get(suggest(word.text, self._actions) or "")

    def _read_transfer_step(self, name: ScalarNode, sheet: TableReader) -> Step | None:
        queue, reason = sheet.read_string(words.PUT_THROUGH), sheet.read_string(words.REASON)
        prompt = sheet.read_template(words.SAYING) if words.SAYING in sheet else None
        danger = sheet.read_flag(words.DANGER)
        others = {
            name: sheet.read_string(name) for name in (words.MISSES, words.SILENCES, words.FAILED) if name in sheet
        }
        if queue is not None and queue.text not in words.QUEUES:
            self._findings.add(queue.position, "IVR204", f"нет очереди «{queue.text}»{hint(queue.text, words.QUEUES)}")
        if queue is None or reason is None or (prompt is None and words.SAYING in sheet):
            return None
        instead = MappingProxyType({why: word.text for why, word in others.items() if word is not None})
        return PutThrough(name.text, name.position, queue.text, reason.text, danger, prompt, instead)

    def _read_goodbye_step(self, name: ScalarNode, sheet: TableReader) -> Step | None:
        prompt, served = sheet.read_template(words.GOODBYE), sheet.read_flag(words.SERVED)
        return None if prompt is None else Goodbye(name.text, name.position, prompt, served=served)
