"""Reads one mapping of a script file: returns requested values, reports missing, unknown and malformed ones."""

from collections.abc import Collection
from itertools import pairwise

from callcenter.dialogue.scripts import vocabulary as words
from callcenter.dialogue.scripts.nodes import MappingNode, Node, ScalarNode, ScriptProblems, SequenceNode, hint, suggest
from callcenter.dialogue.scripts.script import Fact, Text


class TableReader:
    """Reads `node` as a mapping with the keys `known`.

    An unknown key is reported (IVR101). If it resembles a known key that is absent, its value is used for that key.
    """

    def __init__(self, findings: ScriptProblems, node: Node, *, known: Collection[str]) -> None:
        self.findings = findings
        self.position = node.position
        self._values: dict[str, Node] = {}
        if not isinstance(node, MappingNode):
            findings.add(node.position, "IVR103", f"здесь нужны строки «слово: значение» ({', '.join(known)})")
            return
        for key, value in node.entries:
            if key.text in known:
                self._values[key.text] = value
        for key, value in node.entries:
            if key.text not in known:
                findings.add(key.position, "IVR101", f"неизвестное слово «{key.text}»{hint(key.text, known)}")
                meant = suggest(key.text, known)
                if meant:
                    self._values.setdefault(meant, value)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def require_node(self, name: str) -> Node | None:
        """Returns the value of key `name`; reports a missing key (IVR102) and returns None."""
        if name not in self._values:
            self.findings.add(self.position, "IVR102", f"нет обязательного слова «{name}»")
        return self._values.get(name)

    def get_node(self, name: str) -> Node | None:
        """Returns the value of key `name`, or None."""
        return self._values.get(name)

    def read_string(self, name: str) -> ScalarNode | None:
        """Returns the text of key `name` with single spaces; None, with a report, if missing, empty or no text."""
        node = self.require_node(name)
        return None if node is None else self.to_string(node)

    def to_string(self, node: Node) -> ScalarNode | None:
        """Returns `node` as text with single spaces; None, with a report, if it is empty or no text."""
        if not isinstance(node, ScalarNode):
            message = "здесь нужен текст; если он начинается с { или [, возьмите его в кавычки"
            self.findings.add(node.position, "IVR103", message)
            return None
        text = " ".join(node.text.split())
        if not text:
            self.findings.add(node.position, "IVR106", "здесь пусто, а нужен текст")
            return None
        return ScalarNode(text, node.position)

    def read_template(self, name: str) -> Text | None:
        """Returns the text of key `name` as a template with `{fact}` placeholders; None, with a report, if invalid."""
        node = self.require_node(name)
        return None if node is None else self.to_template(node)

    def to_template(self, node: Node) -> Text | None:
        """Returns `node` as a template with `{fact}` placeholders; None, with a report, if no text or bad braces."""
        word = self.to_string(node)
        if word is None:
            return None
        parts: list[str | Fact] = []
        rest = word.text
        while rest:
            before, brace, after = rest.partition("{")
            name, closing, following = after.partition("}")
            if "}" in before or (brace and (not closing or not name.strip() or "{" in name)):
                self.findings.add(word.position, "IVR107", "фигурные скобки без пары или пустые; пишите {имя факта}")
                return None
            if before:
                parts.append(before)
            if brace:
                parts.append(Fact(name.strip()))
            rest = following
        return Text(tuple(parts), word.position)

    def read_prompt_series(
        self, name: str, question: Text | None, usual: Node | None
    ) -> tuple[tuple[Text, ...], ...] | None:
        """Returns the one or two prompts of key `name`, else of the default node `usual`.

        Each prompt is a tuple of texts to play one after another: `{вопрос}` in it is replaced by `question`. None,
        with a report, if there is neither node or no valid text.
        """
        node = self._values.get(name, usual)
        if node is None:
            self.findings.add(self.position, "IVR102", f"нет обязательного слова «{name}»")
            return None
        items = node.items if isinstance(node, SequenceNode) else (node,)
        if not 1 <= len(items) <= 2:
            self.findings.add(node.position, "IVR108", f"«{name}»: нужен один текст или два, дальше «{words.GIVE_UP}»")
        texts = [self.to_template(item) for item in items]
        return tuple(_insert_question(text, question) for text in texts if text is not None) or None

    def read_flag(self, name: str) -> bool:
        """Returns True for «да». A value other than «да» or «нет» is reported and counts as «да», which is likelier."""
        node = self._values.get(name)
        if node is None:
            return False
        word = self.to_string(node)
        if word is None:
            return True
        if word.text not in (words.YES, words.NO):
            self.findings.add(word.position, "IVR109", f"«{name}»: бывает «да» или «нет», а не «{word.text}»")
        return word.text != words.NO

    def read_integer(self, name: str, *, least: int, most: int) -> int | None:
        """Returns the whole number of key `name`; None, with a report, if it is no number or not in `least`..`most`."""
        word = self.read_string(name)
        if word is None:
            return None
        if not (word.text.isascii() and word.text.isdigit()) or not least <= int(word.text) <= most:
            self.findings.add(
                word.position, "IVR110", f"«{name}»: нужно целое число от {least} до {most}, а не «{word.text}»"
            )
            return None
        return int(word.text)


def _insert_question(text: Text, question: Text | None) -> tuple[Text, ...]:
    """Splits the text at `{вопрос}` and puts the question in its place; the pieces are played one after another."""
    cuts = [-1, *(i for i, part in enumerate(text.parts) if part == Fact(words.QUESTION)), len(text.parts)]
    pieces: list[Text] = []
    for begin, end in pairwise(cuts):
        if begin >= 0 and question is not None:
            pieces.append(question)
        parts = _strip_parts(text.parts[begin + 1 : end])
        if parts:
            pieces.append(Text(parts, text.position))
    return tuple(pieces)


def _strip_parts(parts: tuple[str | Fact, ...]) -> tuple[str | Fact, ...]:
    stripped = list(parts)
    if stripped and isinstance(stripped[0], str):
        stripped[0] = stripped[0].lstrip()
    if stripped and isinstance(stripped[-1], str):
        stripped[-1] = stripped[-1].rstrip()
    return tuple(part for part in stripped if part)
