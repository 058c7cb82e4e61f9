"""The description of a desktop shell is read, or all that is wrong with it is told at once."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from harness.catalog import load_catalog
from harness.errors import Mistakes
from harness.machine.places import CHECKOUT
from harness.targets.electron_description import ShellDescription
from harness.targets.electron_file import describes_shell, load_shell

CATALOG = load_catalog()
EXAMPLES = CHECKOUT / "reports" / "examples"
LEAST = """\
kind = "electron"
name = "app"
command = ["/opt/app", "--remote-debugging-port={port}", "--quiet"]
page = "app://app/index.html*"
"""


def read(folder: Path, text: str) -> ShellDescription:
    (folder / "app.toml").write_text(text, encoding="utf-8")
    return load_shell(folder / "app.toml", {}, CATALOG, date(2026, 11, 22))


def told(folder: Path, text: str) -> list[str]:
    with pytest.raises(Mistakes) as caught:
        read(folder, text)
    return [f"{mistake.line}: {mistake.what} ({mistake.hint})" for mistake in caught.value.mistakes]


def test_the_example_is_read_as_it_says() -> None:
    shell = load_shell(EXAMPLES / "shell.toml", {"DISPLAY": ":7"}, CATALOG)
    assert (shell.name, shell.stage, shell.released) == ("my-app", "prod", ("/opt/my-app/my-app",))
    assert shell.environment == {"DISPLAY": ":7"}
    assert shell.bridge.spared == ("desktop.quit",)
    assert [each.control for each in shell.expected_failures] == ["BRIDGE-06.E3"]


def test_a_description_of_a_shell_is_told_from_one_of_an_issuer() -> None:
    assert describes_shell(EXAMPLES / "shell.toml")
    assert not describes_shell(EXAMPLES / "target.toml")


def test_its_users_start_it_without_what_names_the_port(tmp_path: Path) -> None:
    shell = read(tmp_path, LEAST)
    assert shell.released == ("/opt/app", "--quiet")
    assert shell.bridge.functions is None


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("app://app/index.html?x#y", True),
        ("https://help.example.com/a", True),
        ("app://app.evil/index.html", False),
        ("http://help.example.com/a", False),
        ("https://help.example.com.evil/", False),
        ("https://help.example.com@evil/", False),
        ("https://help.example.com:1@evil/", False),
        ("file:///etc/passwd", False),
    ],
)
def test_pages_of_its_own_are_told_from_others(tmp_path: Path, url: str, own: bool) -> None:
    assert read(tmp_path, LEAST + 'hosts = ["help.example.com"]\n').is_own(url) is own


def test_every_mistake_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    text = """\
kind = "electron"
name = "app"
comand = ["/opt/app"]
debugging = "http://192.0.2.1:9222"
page = "index.html"
stage = "production"
[bridge]
objects = ["a b"]
functions = ["desktop.open/x"]
[remedies]
"BRIDGE-01.E9" = "mend it"
"""
    assert told(tmp_path, text) == [
        "3: unknown key 'comand' (did you mean 'command'?)",
        "4: debugging: a debugging port is spoken to on this machine only; write one such as http://127.0.0.1:9222"
        " (found 'http://192.0.2.1:9222')",
        "5: page: no URL; write a pattern such as app://shell/* (found 'index.html')",
        "6: stage: unknown value 'production' (did you mean 'prod'?)",
        "8: bridge.objects[1]: no name in the page's world; write one such as desktop.onChanged (found 'a b')",
        "9: bridge.functions[1]: no number of arguments after the slash; write one such as desktop.openHelp/1"
        " (found 'desktop.open/x')",
        "11: unknown expectation 'BRIDGE-01.E9' (did you mean 'BRIDGE-01.E3'?)",
    ]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ("", "a shell is started, or runs already"),
        ('command = ["/opt/app"]\n', "nothing names {port}"),
        ('debugging = "http://127.0.0.1:9222"\nenvironment = { A = "b" }\n', "are of a shell that is started"),
        ('debugging = "http://127.0.0.1"\n', "a URL without a port"),
        ('command = ["a", "{port}"]\n[bridge]\nsubscribe = "a.on"\n', "subscribe and provoke go together"),
    ],
)
def test_what_does_not_go_together_is_told(tmp_path: Path, changed: str, words: str) -> None:
    text = f'kind = "electron"\nname = "app"\npage = "app://app/*"\n{changed}'
    assert any(words in line for line in told(tmp_path, text))
