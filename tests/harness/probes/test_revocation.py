from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from harness.errors import NotOffered
from harness.observations import HttpExchange, Observation
from harness.observe import Recorder
from harness.probes.clients import new_client
from harness.probes.oauth import OAuthIssuer
from harness.probes.revocation import USUAL_PATHS, find_revocation_endpoint
from harness.probes.stage_address import Client, StageAddress
from tests.harness.probes.site import Page, Site

CLIENT = Client("web", "http://127.0.0.1:1/cb")
Find = Callable[..., str]


@pytest.fixture
def find(site: Site, recorder: Recorder) -> Iterator[Find]:
    """Looks for the endpoint of an issuer whose metadata hold this as well."""
    client = new_client()

    def look(more: str = "", absent: str = "") -> str:
        endpoints = f'"authorization_endpoint": "{site.url}/authorize", "token_endpoint": "{site.url}/token"'
        site.pages["/.well-known/oauth-authorization-server"] = Page(f'{{"issuer": "{site.url}", {endpoints}{more}}}')
        declared = {"revocation_endpoint": absent} if absent else {}
        address = StageAddress("dev", site.url, "", "", "", {"web": CLIENT}, {}, absent=declared)
        at = OAuthIssuer(address, lambda: client, recorder, dict)
        return find_revocation_endpoint(at, "search", CLIENT)

    yield look
    client.close()


def tries(kept: list[Observation]) -> list[str]:
    return [o.url for o in kept if isinstance(o, HttpExchange) and o.case == "search"]


def test_the_endpoint_that_is_advertised_is_taken_and_nothing_is_tried(
    find: Find, site: Site, kept: list[Observation]
) -> None:
    assert find(f', "revocation_endpoint": "{site.url}/elsewhere"') == f"{site.url}/elsewhere"
    assert tries(kept) == []


@pytest.mark.parametrize(
    "page",
    [
        Page("", 200),
        Page("{}", 200, {"Content-Type": "application/json"}),
        Page('{"error": "invalid_client"}', 401),
        Page('{"error": "unsupported_token_type"}', 400),
    ],
)
def test_an_endpoint_that_is_not_advertised_is_found_by_how_it_answers(find: Find, site: Site, page: Page) -> None:
    site.pages["/oauth/revoke"] = page
    assert find() == f"{site.url}/oauth/revoke"


@pytest.mark.parametrize(
    "page", [Page("<h1>Welcome</h1>", 200), Page('{"error": "Not found"}', 400), Page("", 204), Page("no", 401)]
)
def test_what_answers_otherwise_is_no_such_endpoint(
    find: Find, site: Site, page: Page, kept: list[Observation]
) -> None:
    site.pages["/revoke"] = page
    with pytest.raises(NotOffered, match="its metadata names none, and none answers at /revoke") as absent:
        find()
    assert not absent.value.declared
    assert tries(kept) == [f"{site.url}{path}" for path in USUAL_PATHS]


def test_a_server_that_accepts_everything_everywhere_has_none(
    find: Find, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Everything(dict[str, Page]):
        def get(self, path: str, default: Page | None = None) -> Page:  # type: ignore[override]  # any path is here
            return super().get(path) or Page("", 200)

    monkeypatch.setattr(site, "pages", Everything())
    with pytest.raises(NotOffered):
        find()


def test_what_a_description_declares_absent_is_looked_for_all_the_same(find: Find, site: Site) -> None:
    with pytest.raises(NotOffered, match="tokens live for a minute; its metadata names none") as absent:
        find(absent="tokens live for a minute")
    assert absent.value.declared
    site.pages["/revoke"] = Page("", 200)
    assert find(absent="tokens live for a minute") == f"{site.url}/revoke"
