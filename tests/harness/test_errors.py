"""Errors say where, what, the nearest valid value and what to do next."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import Mistake, Mistakes, NotHere, UsageError, nearest


def test_mistakes_are_told_in_the_order_of_file_and_line() -> None:
    b, a9, a1 = (
        Mistake(Path("b.toml"), 1, "x"),
        Mistake(Path("a.toml"), 9, "y", "do z"),
        Mistake(Path("a.toml"), 1, "w"),
    )
    told = Mistakes([b, a9, a1])
    assert told.mistakes == (a1, a9, b)
    assert str(told) == "3 mistakes:\n  a.toml:1: w\n  a.toml:9: y (do z)\n  b.toml:1: x"
    assert isinstance(told, UsageError)


def test_one_mistake_is_one_and_a_file_as_a_whole_has_no_line() -> None:
    assert str(Mistakes([Mistake(Path("a.toml"), 0, "is empty")])) == "1 mistake:\n  a.toml: is empty"


@pytest.mark.parametrize(
    ("word", "valid", "hint"),
    [
        ("TOKEN-1O", ["TOKEN-10", "WEB-01"], "did you mean 'TOKEN-10'?"),
        ("development", ["prod", "dev", "de"], "did you mean 'dev'?"),
        ("zzz", ["b", "a"], "valid: a, b"),
        ("zzz", [f"v{n:02}" for n in range(30)], "valid: " + ", ".join(f"v{n:02}" for n in range(20)) + ", …"),
    ],
)
def test_the_nearest_value_or_all_of_them_are_named(word: str, valid: list[str], hint: str) -> None:
    assert nearest(word, valid) == hint


def test_what_is_not_here_carries_what_mends_it() -> None:
    absent = NotHere("no browser", "apt-get install chromium")
    assert str(absent) == "no browser; to mend it: apt-get install chromium"
    assert (absent.what, absent.mend) == ("no browser", "apt-get install chromium")
