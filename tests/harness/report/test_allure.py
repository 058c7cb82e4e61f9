from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page

from harness.errors import NotHere
from harness.machine.chromium import find_chromium
from harness.machine.commands import Outcome
from harness.machine.npm import ALLURE
from harness.probes.browser import Chromium
from harness.report import allure
from harness.report.allure import generate_allure, seclude

CELLS = ["reference/linux/dev/chromium/secret-service", "reference/linux/prod/chromium/secret-service"]

try:
    find_chromium()
    ALLURE.find()
    ABSENT = ""
except NotHere as error:
    ABSENT = str(error)

needs_allure_and_chromium = pytest.mark.skipif(bool(ABSENT), reason=ABSENT)

ANALYTICS = """
    <script async src="https://www.googletagmanager.com/gtag/js?id=G-1"></script>
    <script>
        window.dataLayer = window.dataLayer || [];
        function gtag(){dataLayer.push(arguments);}
        gtag('js', new Date());
    </script>
"""


def write_result(folder: Path, name: str, cell: str, status: str) -> None:
    folder.mkdir(exist_ok=True)
    labels = [{"name": "cell", "value": cell}, {"name": "feature", "value": "Tokens"}]
    result = {
        "uuid": f"{name}-{cell}".replace("/", "-"), "historyId": name, "fullName": name, "name": name, "status": status,
        "stage": "finished", "start": 1_790_000_000_000, "stop": 1_790_000_000_250, "labels": labels,
        "steps": [{"name": f"Given a step of {name}", "status": status, "stage": "finished"}],
    }  # fmt: skip
    (folder / f"{result['uuid']}-result.json").write_text(json.dumps(result))


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report on one scenario in two cells, from two folders."""
    folder = tmp_path_factory.mktemp("allure")
    write_result(folder / "dev", "Rotate a token", CELLS[0], "failed")
    write_result(folder / "prod", "Rotate a token", CELLS[1], "passed")
    return generate_allure([folder / "dev", folder / "prod"], folder / "out", CELLS)


@pytest.fixture
def page(chromium: Chromium) -> Iterator[Page]:
    context = chromium.new_context()
    context.set_offline(True)
    yield context.new_page()
    context.close()


@needs_allure_and_chromium
def test_opened_from_disk_without_a_network_it_shows_each_cell_and_asks_for_nothing_outside_itself(
    report: Path, page: Page
) -> None:
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(report.as_uri())
    for cell in CELLS:
        page.get_by_text(f'Environment: "{cell.replace("/", " · ")}"').wait_for(timeout=10_000)
    page.get_by_text("Rotate a token").first.click()
    page.get_by_text("Given a step of Rotate a token").wait_for(timeout=10_000)

    assert [url for url in asked if not url.startswith(("data:", "blob:")) and url != report.as_uri()] == []
    assert complaints == []


@needs_allure_and_chromium
def test_the_policy_refuses_what_a_script_in_the_report_would_fetch(report: Path, page: Page) -> None:
    page.goto(report.as_uri())
    refused = page.evaluate("fetch('https://example.com/').then(() => 'answered', () => 'refused')")
    blocked = page.evaluate("""new Promise(resolve => {
        document.addEventListener('securitypolicyviolation', event => resolve(event.blockedURI), {once: true});
        document.body.appendChild(Object.assign(new Image(), {src: 'https://example.com/pixel.png'}));
    })""")

    assert refused == "refused"
    assert blocked.startswith("https://example.com")


@needs_allure_and_chromium
def test_it_is_one_file_that_names_no_other_host(report: Path) -> None:
    html = report.read_text()
    markup = [html, *(base64.b64decode(data).decode() for data in re.findall(r'base64,([\w+/=]+)"></script>', html))]

    assert [path.name for path in report.parent.iterdir()] == ["index.html"]
    assert not re.findall(r"googletagmanager|gtag\(", html)
    for text in markup:
        assert not re.findall(r"<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=[\"']?(?:https?:)?//[^\"' >]+", text)


def test_the_analytics_are_stripped_and_nothing_else() -> None:
    page = f"<head></head><body><script>keep(1)</script>{ANALYTICS}<script>keep(2)</script></body>"
    secluded = seclude(page)

    assert "gtag" not in secluded
    assert "googletagmanager" not in secluded
    assert "<script>keep(1)</script>" in secluded
    assert "<script>keep(2)</script>" in secluded


def test_where_allure_is_not_installed_one_line_says_what_mends_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(allure, "ALLURE", replace(ALLURE, folder=tmp_path / "nowhere"))

    with pytest.raises(NotHere, match=r"no Allure .*; to mend it: python3 noxfile\.py"):
        generate_allure([tmp_path], tmp_path / "out", CELLS)
    assert not (tmp_path / "out").exists()


def test_where_allure_fails_its_own_line_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    here = SimpleNamespace(find=lambda: tmp_path / "cli.js", locked_in=ALLURE.locked_in)
    monkeypatch.setattr(allure, "ALLURE", here)
    monkeypatch.setattr(allure, "run_bounded", lambda *_, **__: Outcome(False, "Internal Error: invalid environments"))

    with pytest.raises(NotHere, match="no Allure report: Internal Error: invalid environments"):
        generate_allure([tmp_path], tmp_path / "out", CELLS)
