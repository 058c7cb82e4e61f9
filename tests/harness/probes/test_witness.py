from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import trustme

from harness.probes.witness import Visit, Witness, on_stand_in, stand_in


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Witness]:
    leaf = trustme.CA().issue_cert("localhost", "127.0.0.1")
    leaf.private_key_and_cert_chain_pem.write_to_path(tmp_path / "cert.pem")
    with Witness(tmp_path / "cert.pem") as witness:
        yield witness


@pytest.mark.parametrize("scheme", ["https", "http"])
@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_what_a_browser_sends_is_seen(witness: Witness, scheme: str) -> None:
    url = witness.url(scheme, "127.0.0.1")
    answer = requests.get(url, headers={"Cookie": "a=1"}, verify=False, timeout=5)
    assert answer.status_code == 200
    assert witness.visits(scheme) == (Visit(url.split("/")[2], "a=1"),)


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_only_the_witness_page_counts_as_a_visit(witness: Witness) -> None:
    url = witness.url("https", "127.0.0.1").replace("/witness", "/favicon.ico")
    assert requests.get(url, verify=False, timeout=5).status_code == 404
    assert witness.visits("https") == ()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("__Host-s=1; Path=/; Secure", "__Host-s=1; Path=/; Secure"),
        ("s=1; Domain=dev.localhost; Path=/", "s=1; Domain=dev.localhost.test; Path=/"),
        ("s=domain=x; domain=.dev.localhost", "s=domain=x; domain=.dev.localhost.test"),
    ],
)
def test_a_stand_in_sets_the_same_cookie_under_its_own_name(given: str, expected: str) -> None:
    assert on_stand_in(given) == expected
    assert stand_in("app.dev.localhost") == "app.dev.localhost.test"
