"""What an issuer says in hostile words is shown as words: in the terminal, in every report, in a browser."""

from __future__ import annotations

import json
import re
import unicodedata
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from playwright.sync_api import Page

from harness.cli import main
from harness.probes.browser import Chromium
from tests.hostile.attacks import evil_strings
from tests.hostile.issuer import describe, hostile

LIMITS = "max_wait = 0\nanswer = 10\npatience = 60\nrate = 200\nbody = 60000"
CONTROLS = ("TOKEN-01", "TOKEN-02", "TOKEN-03", "TOKEN-04", "TOKEN-12", "STAGE-05")
SHOWS = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")  # categories of characters that act on who reads them


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What a run and its reports said in the terminal, and the folder that they left."""
    folder = tmp_path_factory.mktemp("evil")
    named = [word for control in CONTROLS for word in ("--controls", control)]
    with hostile(evil_strings) as issuer:
        description = describe({"dev": issuer}, folder, LIMITS)
        said = call("run", "--target", description, *named, "--depth", "pr", "--out", folder / "out")
    (bundle,) = {statement.parent for statement in (folder / "out").rglob("statement.json")}
    said += call("report", bundle) + call("audit", bundle) + call("gate", bundle, "--markdown")
    assert "does not hold" not in call("audit", bundle), "the evidence is not judged again as it was judged"
    return said, folder / "out"


def call(*arguments: object) -> str:
    done = CliRunner().invoke(main, [*map(str, arguments)])
    assert done.exit_code in (0, 1), done.output
    return done.output


@pytest.fixture
def page(chromium: Chromium) -> Iterator[Page]:
    context = chromium.new_context()
    yield context.new_page()
    context.close()


def acting(text: str) -> set[str]:
    return {repr(letter) for letter in text if unicodedata.category(letter) in SHOWS and letter not in "\n\t"}


def test_nothing_that_acts_reaches_the_terminal(told: tuple[str, Path]) -> None:
    said, _ = told
    assert "x1b" in said, "nothing hostile was told at all"
    assert acting(said) == set()


def test_reports_are_what_they_are_whatever_stands_in_them(told: tuple[str, Path]) -> None:
    _, folder = told
    files = [path for path in folder.rglob("*") if path.is_file()]
    for path in files:
        if path.suffix == ".xml":
            ElementTree.parse(path)
        elif path.suffix in (".json", ".sarif"):
            json.loads(path.read_bytes())
        elif path.suffix == ".jsonl":
            for line in path.read_bytes().splitlines():
                json.loads(line)
        elif path.suffix == ".md":
            written = path.read_text(encoding="utf-8")
            assert acting(written) == set(), path
            markup = re.sub(r"(?ms)^(`{3,})\w*\n.*?^\1$", "", written)  # without blocks of code
            markup = re.sub(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", "", markup)  # and without words of it
            markup = re.sub(r"<code>[^<]*</code>", "", markup)  # nor those within HTML, where Markdown does not act
            assert "![x]" not in markup, path
            assert not re.search(r"<(?:script|img|svg)|\]\(javascript", markup), path
    assert {".xml", ".json", ".md", ".html"} <= {path.suffix for path in files}


def test_pages_open_without_running_or_asking_for_anything(told: tuple[str, Path], page: Page) -> None:
    _, folder = told
    asked: list[str] = []
    opened: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: opened.append(dialog.message))
    page.on("popup", lambda popup: opened.append(popup.url))
    shown = ""
    for path in sorted(folder.rglob("*.html")):
        page.goto(path.as_uri())
        page.wait_for_timeout(300)
        assert page.evaluate("window.pwned") is None, path
        assert (
            page.evaluate('document.querySelectorAll(\'a[href^="javascript"], a[href*="evil.example"]\').length') == 0
        )
        shown += page.locator("body").inner_text()
    assert opened == []
    assert [url for url in asked if not url.startswith(("data:", "blob:", folder.as_uri()))] == []
    assert "onerror=window.pwned" in shown, "nothing hostile is shown at all"
