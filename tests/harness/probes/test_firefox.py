from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from playwright.sync_api import Error as BrowserError

from harness.errors import NotHere
from harness.probes.firefox import Firefox
from harness.probes.witness import Witness
from tests.harness.probes.site import Page, Site


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Witness]:
    pem = tmp_path / "server.pem"
    trustme.CA().issue_cert("*.dev.localhost", "other.test").private_key_and_cert_chain_pem.write_to_path(str(pem))
    with Witness(pem) as servers:
        yield servers


def test_one_that_does_not_start_is_not_here(tmp_path: Path) -> None:
    broken = tmp_path / "firefox"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(NotHere, match="does not start"):
        Firefox(broken, os.environ)


def test_contexts_share_nothing(firefox: Firefox) -> None:
    first, second = firefox.new_context(), firefox.new_context()
    first.add_cookies([{"name": "a", "value": "1", "url": "http://127.0.0.1"}])
    assert (len(first.cookies()), second.cookies()) == (1, [])
    first.close()
    second.close()


def test_loopback_names_and_names_that_exist_nowhere_lead_to_this_machine(firefox: Firefox, witness: Witness) -> None:
    context = firefox.new_context()
    page = context.new_page()
    for host in ("app.dev.localhost", "other.test"):
        page.goto(witness.url("https", host))
    assert [visit.host.partition(":")[0] for visit in witness.visits("https")] == ["app.dev.localhost", "other.test"]
    context.close()


@pytest.mark.parametrize("url", ["https://example.com/", "http://192.0.2.1/"])
def test_it_goes_nowhere_else(firefox: Firefox, url: str) -> None:
    context = firefox.new_context()
    page = context.new_page()
    with pytest.raises(BrowserError, match="PROXY_CONNECTION_REFUSED"):
        page.goto(url)
    context.close()


def test_what_a_script_saves_is_among_its_downloads(firefox: Firefox, site: Site) -> None:
    site.pages["/"] = Page("<p>here")
    context = firefox.new_context()
    page = context.new_page()
    page.goto(f"{site.url}/")
    page.evaluate(
        """() => {
            const link = Object.assign(document.createElement("a"), {download: "kept"});
            link.href = URL.createObjectURL(new Blob(["what was saved"]));
            document.body.append(link);
            link.click();
        }"""
    )
    assert firefox.downloads is not None
    for _ in range(200):
        names = [file.name for file in firefox.downloads.iterdir()]
        if names == ["kept"] and (firefox.downloads / "kept").stat().st_size:
            break  # it is empty until what was written beside it takes its place
        page.wait_for_timeout(50)
    assert (firefox.downloads / "kept").read_text() == "what was saved"
    context.close()
