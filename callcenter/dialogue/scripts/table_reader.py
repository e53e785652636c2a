"""A table of a script being read: gives what is asked for, reports what is missing, unknown or of another shape."""

from collections.abc import Collection
from itertools import pairwise

from callcenter.dialogue.scripts import vocabulary as words
from callcenter.dialogue.scripts.nodes import MappingNode, Node, ScalarNode, ScriptProblems, SequenceNode, hint, suggest
from callcenter.dialogue.scripts.script import Fact, Text


class TableReader:
    """`require_node` as a table with the keys `known`; an unknown key close to a known one is reported and taken as
    that."""

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
        """The value under `name`; reports when it is not there."""
        if name not in self._values:
            self.findings.add(self.position, "IVR102", f"нет обязательного слова «{name}»")
        return self._values.get(name)

    def get_node(self, name: str) -> Node | None:
        """The value under `name`, or None."""
        return self._values.get(name)

    def read_string(self, name: str) -> ScalarNode | None:
        """The plain text under `name`, spaces tidied; reports when it is missing, empty or no text."""
        node = self.require_node(name)
        return None if node is None else self.to_string(node)

    def to_string(self, node: Node) -> ScalarNode | None:
        """`require_node` as a plain text; reports when it is empty or no text."""
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
        """The words to speak under `name`, with their facts."""
        node = self.require_node(name)
        return None if node is None else self.to_template(node)

    def to_template(self, node: Node) -> Text | None:
        """`require_node` as words to speak; reports broken braces."""
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
        """The texts under `name`, else of `usual`: one or two, `{вопрос}` standing for the question itself."""
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
        """True for «да»; reports anything but «да» and «нет», and takes it for «да», or the word would not be there."""
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
        """The whole number under `name`; reports when it is none or out of bounds."""
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
    """The text cut at `{вопрос}`: what stands around it, and the question, are said one after the other."""
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
