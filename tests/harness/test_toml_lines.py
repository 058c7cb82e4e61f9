from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import Mistakes
from harness.toml_lines import KeyPath, key_lines, read_toml

DOCUMENT = (
    """\
# [not.a.table]
title = "x # no comment" # a comment with "quotes"

[owner]
name.first = 'it"""
    + """"'
"quoted key" = 1
text = \"\"\"
[[no.table]]
a "quoted" word\\"\"\"\"
dates = [
  1979-05-27, # [1]
  07:32:00,
  { at = 1979-05-27 07:32:00, by = ["a]", 'b}'] },
]

[[control]]
id = "A"
[control.expect]
E1 = '''one
two'''
[[control.fault]]
id = 1
[[control.fault]]
id = 2

[[control]]
[[control.fault]]
id = 3
"""
)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("title",), "title ="),
        (("owner",), "[owner]"),
        (("owner", "name", "first"), "name.first"),
        (("owner", "quoted key"), '"quoted key"'),
        (("owner", "dates", 1), "07:32:00"),
        (("owner", "dates", 2, "by", 1), "{ at"),
        (("control", 0, "expect", "E1"), "E1 ="),
        (("control", 0, "fault", 1, "id"), "id = 2"),
        (("control", 1, "fault", 0, "id"), "id = 3"),
    ],
)
def test_a_key_is_found_at_the_line_where_it_is_written(path: KeyPath, text: str) -> None:
    line = key_lines(DOCUMENT)[path]
    assert text in DOCUMENT.splitlines()[line - 1]


def test_every_key_and_item_of_a_document_has_a_line_and_nothing_else_has() -> None:
    assert set(key_lines(DOCUMENT)) == set(paths(tomllib.loads(DOCUMENT)))


def paths(value: object, at: KeyPath = ()) -> Iterator[KeyPath]:
    if at:
        yield at
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from paths(item, (*at, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from paths(item, (*at, index))


NASTY = st.text(st.sampled_from("ab \"'\\\n#[]{}=,.é"), max_size=8)
SCALARS = st.one_of(st.integers(-9, 9), st.booleans(), NASTY)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NASTY, inner, max_size=3),
    max_leaves=6,
)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def multi_line(text: str) -> str:
    return '"""\n' + text.replace("\\", "\\\\").replace('"""', '""\\"') + '\\\n  """'


@st.composite
def written(draw: st.DrawFn, value: object) -> str:
    """The value as TOML, in one of the ways that TOML allows."""
    gap = st.sampled_from(["", " ", "\n", " # ]\n"])
    if isinstance(value, bool | int):
        return str(value).lower()
    if isinstance(value, str):
        ways = [quoted(value), multi_line(value)]
        ways += [f"'{value}'"] if not {"'", "\n"} & set(value) else []
        ways += [f"'''{value}'''"] if "'" not in value and not value.startswith("\n") else []
        return draw(st.sampled_from(ways))
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{quoted(key)} = {draw(written(item))}" for key, item in value.items()) + " }"
    assert isinstance(value, list)
    return "[" + ",".join(draw(gap) + draw(written(item)) + draw(gap) for item in value) + draw(gap) + "]"


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, dict[KeyPath, int], dict[str, object]]:
    """A document, the lines of its keys as they were written, and its data."""
    text = ""
    lines: dict[KeyPath, int] = {}
    data: dict[str, object] = {}
    for key, value in draw(st.dictionaries(NASTY, VALUES, max_size=4)).items():
        text += draw(st.sampled_from(["", "# [a]\n", "\n"]))
        lines[(key,)] = text.count("\n") + 1
        data[key] = value
        text += f"{quoted(key)} = {draw(written(value))}\n"
    return text, lines, data


@given(documents())
def test_lines_hold_for_any_document(document: tuple[str, dict[KeyPath, int], dict[str, object]]) -> None:
    text, lines, data = document
    assert tomllib.loads(text) == data
    found = key_lines(text)
    assert set(found) == set(paths(data))
    assert {path: found[path] for path in lines} == lines


@given(st.lists(st.lists(st.integers(0, 2), max_size=3), min_size=1, max_size=4))
def test_nested_arrays_of_tables_are_counted_within_their_own_parent(faults: list[list[int]]) -> None:
    text = "".join("[[control]]\n" + "".join(f"[[control.fault]]\nid = {i}\n" for i in items) for items in faults)
    found = key_lines(text)
    assert set(found) == set(paths(tomllib.loads(text)))
    assert all(text.splitlines()[found[path] - 1].startswith("id") for path in found if path[-1] == "id")


def test_a_key_that_is_missing_has_the_line_of_the_table_around_it(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text("\n[[control]]\nid = 1\n", encoding="utf-8")
    read = read_toml(file)
    assert read.line(("control", 0, "severity")) == 2
    assert read.line(("nowhere",)) == 0


@pytest.mark.parametrize(
    ("content", "line", "what"),
    [
        (b"a = 1\nb = = 2\n", 2, "is not valid TOML: invalid value"),
        (b"a = 1\na = 2\n", 2, "is not valid TOML: cannot overwrite a value"),
        (b"a = [1,\n2\n", 2, "is not valid TOML: unclosed array"),
        (b"a = 1\nb = '\xff'\n", 2, "is not UTF-8"),
        (b"a = " + b"[" * 5000, 0, "nests its values too deeply"),
    ],
)
def test_a_file_that_is_no_toml_is_told_with_its_line(tmp_path: Path, content: bytes, line: int, what: str) -> None:
    file = tmp_path / "a.toml"
    file.write_bytes(content)
    with pytest.raises(Mistakes) as caught:
        read_toml(file)
    (mistake,) = caught.value.mistakes
    assert (mistake.line, mistake.what) == (line, what)


def test_a_file_that_is_not_there_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(Mistakes, match=r"absent\.toml: cannot be read"):
        read_toml(tmp_path / "absent.toml")


def test_windows_line_ends_do_not_shift_lines(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_bytes(b"\xef\xbb\xbfa = 1\r\n\r\nb = 2\r\n")
    assert read_toml(file).line(("b",)) == 3
