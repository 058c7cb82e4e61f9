"""What the harness brings about at the reference from outside: time, accidents, and what a tap sees."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping

import pytest

from harness.errors import TargetError
from harness.faults.registry import Fault
from harness.machine.session import PrivateSession
from harness.observations import HttpExchange, Observation
from harness.observe import Recorder
from harness.ports import Issuer
from harness.probes.stage_address import Client
from harness.redact import Redactor
from harness.targets.reference import ReferenceTarget
from harness.targets.reference_admin import Switches, with_switches
from reference_impl.parts import Part, Parts


@pytest.fixture
def issuer(reference: ReferenceTarget, recorder: Recorder) -> Issuer:
    return reference.issuer("dev", recorder)


@pytest.fixture
def client(issuer: Issuer) -> Client:
    return next(iter(issuer.address.clients.values()))


def test_every_stage_has_an_address_clients_users_and_keys_of_its_own(reference: ReferenceTarget) -> None:
    assert set(reference.addresses) == set(reference.stages)
    assert len({address.issuer for address in reference.addresses.values()}) == 3
    assert len({repr(keys) for keys in reference.published_keys().values()}) == 3
    for address in reference.addresses.values():
        assert {client.native for client in address.clients.values()} == {True, False}
        assert "existing" in address.users


def test_the_clock_makes_a_code_grow_old(reference: ReferenceTarget, issuer: Issuer, client: Client) -> None:
    ended = issuer.authorize("code", client, issuer.address.users["existing"])
    reference.clock().advance("dev", 61.0)
    assert issuer.redeem("redeem", ended, client).json()["error"] == "invalid_grant"


def test_a_disabled_account_cannot_log_in(reference: ReferenceTarget, issuer: Issuer, client: Client) -> None:
    mallory = issuer.address.users["mallory"]
    reference.admin().disable_account("dev", mallory.name)
    with pytest.raises(TargetError, match="without a code"):
        issuer.log_in("login", client, mallory)


def test_an_upstream_that_fails_refuses_logins_only_while_it_fails(
    reference: ReferenceTarget, issuer: Issuer, client: Client
) -> None:
    user = issuer.address.users["existing"]
    with reference.admin().upstream_fails("dev"):
        assert issuer.authorize("code", client, user).code == ""
        prod = reference.issuer("prod", Recorder("s", reference.redactor, lambda _: None))
        assert prod.authorize("code", next(iter(prod.address.clients.values())), prod.address.users["existing"]).code
    assert issuer.authorize("code", client, user).code


def test_storage_that_fails_once_fails_one_refresh(reference: ReferenceTarget, issuer: Issuer, client: Client) -> None:
    grant = issuer.log_in("login", client, issuer.address.users["existing"])
    reference.admin().storage_fails_once("dev")
    assert issuer.refresh("refresh", grant.refresh_token, client).status != 200
    other = issuer.log_in("login", client, issuer.address.users["existing"])
    assert issuer.refresh("refresh", other.refresh_token, client).status == 200


def own_keys() -> Mapping[str, list[str]]:
    return {"keys": ["own"]}


def test_an_api_trusts_foreign_keys_only_while_it_is_told_to() -> None:
    switches = Switches()
    keys = with_switches(Parts(), switches).choose(Part.API_KEYS, own_keys)
    switches.foreign_keys.append(lambda: {"keys": ["foreign"]})
    assert keys() == {"keys": ["own", "foreign"]}
    switches.foreign_keys.clear()
    assert keys() == {"keys": ["own"]}


def test_keys_of_another_stage_are_taken_back_also_after_an_error(reference: ReferenceTarget) -> None:
    def fail() -> None:
        with reference.admin().trusts_keys_of("dev", "prod"):
            assert len(reference.switches["dev"].foreign_keys) == 1
            raise ValueError("in between")

    with pytest.raises(ValueError, match="in between"):
        fail()
    assert reference.switches["dev"].foreign_keys == []


def test_switches_stand_outside_of_faults() -> None:
    faulty = Parts({Part.API_KEYS: (lambda real: lambda: {"keys": []},)})
    switches = Switches(foreign_keys=[lambda: {"keys": ["foreign"]}])
    keys = with_switches(faulty, switches).choose(Part.API_KEYS, own_keys)
    assert keys() == {"keys": ["foreign"]}


def test_a_tap_records_what_a_listener_asks_for_and_nothing_after_it(
    reference: ReferenceTarget, issuer: Issuer, client: Client, recorder: Recorder, seen: list[Observation]
) -> None:
    grant = issuer.log_in("login", client, issuer.address.users["existing"])
    with reference.taps["dev"].listening(recorder, "tapped", client.client_id):
        issuer.refresh("refresh", grant.refresh_token, client)
    issuer.refresh("later", grant.refresh_token, client)
    (tapped,) = (one for one in seen if isinstance(one, HttpExchange) and one.case == "tapped")
    assert (tapped.about, tapped.status) == ({"role": "tap", "stage": "dev"}, 200)
    assert grant.refresh_token not in repr(tapped)
    assert "refresh_token={{refresh_token:" in tapped.request_body.replace("%7B", "{").replace("%3A", ":")


def test_a_tap_hears_its_own_client_and_stage_only(
    reference: ReferenceTarget, issuer: Issuer, client: Client, recorder: Recorder, seen: list[Observation]
) -> None:
    with (
        reference.taps["dev"].listening(recorder, "tapped", "another client"),
        reference.taps["prod"].listening(recorder, "tapped", client.client_id),
    ):
        issuer.log_in("login", client, issuer.address.users["existing"])
    assert "tapped" not in {one.case for one in seen}


def test_every_token_that_is_handed_out_is_a_secret_from_then_on(
    reference: ReferenceTarget, issuer: Issuer, client: Client
) -> None:
    grant = issuer.log_in("login", client, issuer.address.users["existing"])
    for secret in (grant.access_token, grant.refresh_token, issuer.address.users["existing"].password):
        assert secret not in reference.redactor.text(f"told: {secret}")


@pytest.fixture(scope="module")
def machine() -> Iterator[PrivateSession]:
    with PrivateSession.start(secret_service=False) as session:
        yield session


def test_a_target_that_cannot_start_leaves_nothing_running(machine: PrivateSession) -> None:
    def explode(real: object) -> object:
        raise RuntimeError("the fault is faulty")

    before = set(threading.enumerate())
    fault = Fault("F-X", "TOKEN-01.E1", "code store", explode, ("staging",), "explodes", "my.py")
    with pytest.raises(RuntimeError, match="the fault is faulty"):
        ReferenceTarget.open(machine, Redactor(), [fault])
    left = {t for t in set(threading.enumerate()) - before if t.is_alive() and "exchange" not in t.name}
    assert left == set()
    assert [path.name for path in machine.folder.iterdir() if path.name.startswith("tmp") and path.name != "tmp"] == []


# What the crawl of the web client comes to by itself: links, the login, the logout.
BY_LINK = {"GET /", "GET /login", "GET /settings", "GET /assets/<name>"}
BY_SCRIPT = {"POST /sync/push", "POST /sync/pull"}  # of the page, by a handle that only it has
BY_ENTITLEMENT = {  # of internal users, in stages that are not production's: SETTINGS-01 to 03 judge them
    "GET /internal",
    "GET /internal/report",
    "GET /internal/tools.js",
    "POST /internal/on",
    "POST /internal/off",
    "POST /internal/environment",
}
BY_WALK = {"POST /start", "POST /start/<stage>", "GET /callback", "GET /callback/<stage>", "POST /logout"}


@pytest.mark.parametrize("role", ["api", "web"])
def test_every_route_that_answers_a_user_is_listed_so_that_a_new_one_is_not_forgotten(
    reference: ReferenceTarget, role: str
) -> None:
    address, running = reference.addresses["dev"], reference.reference.stages["dev"]
    url, data, routes = (
        (address.api, (*address.api_data, address.protected.removeprefix(address.api)), address.api_routes)
        if role == "api"
        else (address.web, address.web_data, address.web_routes)
    )
    rules = running.app.apps[running.config.host(url)].url_map.iter_rules()
    served = {f"{method} {rule.rule}" for rule in rules for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}
    listed = {f"{'GET' if route.method == 'HEAD' else route.method} {route.path}" for route in routes}
    listed |= {f"GET {path}" for path in data}
    assert served - listed == (BY_LINK | BY_WALK | BY_SCRIPT | BY_ENTITLEMENT if role == "web" else set())
    assert listed <= served
