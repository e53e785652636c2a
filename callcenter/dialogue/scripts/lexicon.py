"""Compiles the phrases of a script («услышав») with its named alternatives («слова»)."""

from callcenter.dialogue.scripts import vocabulary as words
from callcenter.dialogue.scripts.nodes import MappingNode, Node, ScalarNode, ScriptProblems, SequenceNode, hint
from callcenter.dialogue.scripts.phrases import (
    BrokenScriptPhrase,
    EmptyPhrase,
    UnknownWord,
    compile_sequences,
    expand_phrase,
    list_references,
)
from callcenter.dialogue.scripts.script import Phrase


class ScriptLexicon:
    """Compiles phrases, resolving `<name>` references to the entries of `node` («слова»). Reports problems of both."""

    def __init__(self, findings: ScriptProblems, node: Node | None) -> None:
        self._findings = findings
        self._sources: dict[str, str] = {}
        self._names: dict[str, ScalarNode] = {}
        self._used: set[str] = set()
        if node is None:
            return
        if not isinstance(node, MappingNode):
            findings.add(node.position, "IVR103", f"«{words.WORDS}»: здесь нужны строки «имя: (так|или так)»")
            return
        written: dict[str, ScalarNode] = {}
        for name, value in node.entries:
            self._names[name.text] = name
            self._sources[name.text] = name.text
            if isinstance(value, ScalarNode):
                self._sources[name.text] = value.text
                written[name.text] = value
            else:
                findings.add(value.position, "IVR103", "здесь нужен текст вида (так|или так)")
        for own, value in written.items():
            self._used.update(list_references(value.text))
            if self._compile_phrase(value) is None:
                self._sources[own] = own  # report the fault once, not again in every phrase that refers to it

    def compile_phrases(self, node: Node) -> tuple[Phrase, ...]:
        """Compiles the phrases of «услышав»: one text or a list. An invalid phrase is reported and left out."""
        phrases = []
        for item in node.items if isinstance(node, SequenceNode) else (node,):
            if not isinstance(item, ScalarNode):
                self._findings.add(item.position, "IVR103", "здесь нужен текст: что говорит житель")
                continue
            self._used.update(list_references(item.text))
            phrase = self._compile_phrase(item)
            if phrase is not None:
                phrases.append(phrase)
        return tuple(phrases)

    def report_unused(self) -> None:
        """Reports entries of «слова» that no phrase uses (IVR314, not fatal). Call it after the last phrase."""
        for name, word in self._names.items():
            if name not in self._used:
                message = f"слово «{name}» нигде не используется; уберите его или вставьте <{name}>"
                self._findings.add(word.position, "IVR314", message, fatal=False)

    def _compile_phrase(self, word: ScalarNode) -> Phrase | None:
        source = " ".join(word.text.split())
        try:
            ways = expand_phrase(source, self._sources)
            return Phrase(source, compile_sequences(ways), word.position, ways)
        except UnknownWord as error:
            message = f"нет слова <{error.name}>{hint(error.name, self._sources)}"
            self._findings.add(word.position, "IVR205", message)
        except EmptyPhrase:
            message = f"фраза «{source}» подходит к чему угодно; у каждой ветви должно быть хотя бы одно слово"
            self._findings.add(word.position, "IVR306", message)
        except BrokenScriptPhrase as error:
            self._findings.add(word.position, "IVR111", f"фраза «{source}» не читается: {error}")
        return None
