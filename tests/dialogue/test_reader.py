"""Whatever is written, the reader answers: a script, or findings; it never breaks."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dialogue.talking import SMALL, read


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with TemporaryDirectory() as directory:
        file = Path(directory) / "noise.yaml"
        file.write_bytes(content)
        script, problems = read(file)
    assert script is None
    assert any(problem.fatal for problem in problems)


LINES = SMALL.read_text(encoding="utf-8").splitlines()


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_a_script_with_lines_lost_doubled_and_swapped_is_read_or_refused(data: st.DataObject) -> None:
    lines = list(LINES)
    for _ in range(data.draw(st.integers(1, 4))):
        one, other = (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        match data.draw(st.sampled_from(("lose", "double", "swap", "cut"))):
            case "lose":
                del lines[one]
            case "double":
                lines.insert(other, lines[one])
            case "swap":
                lines[one], lines[other] = lines[other], lines[one]
            case "cut":
                lines[one] = lines[one][: data.draw(st.integers(0, len(lines[one])))]
    with TemporaryDirectory() as directory:
        file = Path(directory) / "mangled.yaml"
        file.write_text("\n".join(lines), encoding="utf-8")
        script, problems = read(file)
    assert (script is None) == any(problem.fatal for problem in problems)
    assert problems == sorted(set(problems))
