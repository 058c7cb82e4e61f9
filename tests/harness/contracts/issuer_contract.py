"""What every issuer that the harness meets must let it do and see."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.errors import TargetError
from harness.model import STAGES
from harness.observations import HttpExchange, Observation
from harness.ports import Issuer
from harness.probes.login import User
from harness.probes.races import race_redemptions
from harness.probes.stage_address import Client

__all__ = ["IssuerContract"]


class IssuerContract:
    """Subclasses give the fixtures `issuer` and `seen`, the list that its recorder's observations go to."""

    @pytest.fixture
    def client(self, issuer: Issuer) -> Client:
        return next(iter(issuer.address.clients.values()))

    @pytest.fixture
    def user(self, issuer: Issuer) -> User:
        return issuer.address.users["existing"]

    def test_its_address_names_a_known_stage_and_an_issuer_that_describes_itself(self, issuer: Issuer) -> None:
        assert issuer.stage in STAGES
        assert issuer.discover("metadata").json()["issuer"] == issuer.address.issuer

    def test_a_login_ends_with_tokens_that_its_api_accepts(self, issuer: Issuer, client: Client, user: User) -> None:
        grant = issuer.log_in("login", client, user)
        assert grant.access_token
        assert grant.refresh_token
        assert issuer.call_api("call", grant.access_token).status == 200
        assert issuer.call_api("call", grant.access_token[:-4] + "AAAA").status == 401

    def test_the_state_of_a_request_comes_back_with_the_code(self, issuer: Issuer, client: Client, user: User) -> None:
        ended = issuer.authorize("code", client, user)
        assert ended.code
        assert ended.parameters["state"] == ended.request["state"]
        assert ended.answer.location.startswith(client.redirect_uri)

    def test_without_a_user_it_stops_at_the_login_page(self, issuer: Issuer, client: Client) -> None:
        ended = issuer.authorize("page", client, None)
        assert (ended.answer.status, ended.code) == (200, "")

    def test_a_user_who_gives_another_password_gets_no_code(self, issuer: Issuer, client: Client, user: User) -> None:
        wrong = replace(user, password="not the password of anybody")
        assert issuer.authorize("code", client, wrong).code == ""
        with pytest.raises(TargetError, match="ended without a code"):
            issuer.log_in("login", client, wrong)

    def test_a_user_who_declines_gets_no_code(self, issuer: Issuer, client: Client, user: User) -> None:
        assert issuer.authorize("code", client, user, deny=True).code == ""

    def test_changes_of_a_request_arrive(self, issuer: Issuer, client: Client, user: User) -> None:
        ended = issuer.authorize("code", client, user, {"redirect_uri": "https://evil.example/cb"})
        assert (ended.answer.status, ended.answer.location, ended.code) == (400, "", "")
        assert "code_challenge" not in issuer.authorize("code", client, user, {"code_challenge": None}).request

    def test_a_code_is_redeemed_once_and_with_its_own_verifier(
        self, issuer: Issuer, client: Client, user: User
    ) -> None:
        ended = issuer.authorize("code", client, user)
        other, wrong = issuer.authorize("code", client, user), {"code_verifier": "x" * 43}
        assert issuer.redeem("redeem", other, client, changes=wrong).status == 400
        assert issuer.redeem("redeem", ended, client).status == 200
        assert issuer.redeem("redeem", ended, client).json()["error"] == "invalid_grant"

    def test_a_refresh_brings_new_tokens(self, issuer: Issuer, client: Client, user: User) -> None:
        grant = issuer.log_in("login", client, user)
        answer = issuer.refresh("refresh", grant.refresh_token, client)
        assert answer.status == 200
        assert answer.json()["refresh_token"] != grant.refresh_token

    def test_a_revocation_is_answered(self, issuer: Issuer, client: Client, user: User) -> None:
        grant = issuer.log_in("login", client, user)
        assert issuer.revoke("revoke", grant.access_token, client).status == 200

    def test_of_many_redemptions_at_once_one_succeeds(self, issuer: Issuer, client: Client, user: User) -> None:
        race = race_redemptions(issuer, "race", 4, 2, client, user)
        assert (race.parallel, [len(statuses) for statuses in race.rounds], race.successes) == (4, [4, 4], (1, 1))

    def test_an_access_token_is_described_and_its_signer_named(
        self, issuer: Issuer, client: Client, user: User
    ) -> None:
        grant = issuer.log_in("login", client, user)
        facts = issuer.observe_token("token", grant.access_token, "access_token")
        assert (facts.form, facts.signed_by, facts.claims["iss"]) == ("jwt", issuer.stage, issuer.address.issuer)

    def test_headers_of_a_client_go_with_every_request_to_the_same_places(
        self, issuer: Issuer, client: Client, user: User, seen: list[Observation]
    ) -> None:
        other = issuer.with_headers({"X-Forwarded-Host": "elsewhere.example"}, injected="yes")
        grant = other.log_in("with headers", client, user)
        other.call_api("with headers", grant.access_token)
        issuer.call_api("without", grant.access_token)
        exchanges = [one for one in seen if isinstance(one, HttpExchange)]
        carrying = [one for one in exchanges if "X-Forwarded-Host" in dict(one.request_headers)]
        assert {one.about.get("injected") for one in carrying} == {"yes"}
        assert {one.about.get("injected") for one in exchanges if one.case == "with headers"} == {"yes"}
        assert {one.about.get("injected") for one in exchanges if one.case == "without"} == {None}

    def test_every_exchange_is_recorded_under_its_case_and_no_secret_with_it(
        self, issuer: Issuer, client: Client, user: User, seen: list[Observation]
    ) -> None:
        grant = issuer.log_in("the login", client, user)
        issuer.refresh("the refresh", grant.refresh_token, client)
        issuer.call_api("the call", grant.access_token)
        exchanges = [one for one in seen if isinstance(one, HttpExchange)]
        roles = {(one.case, one.about["role"]) for one in exchanges}
        expected = {("the login", "authorize"), ("the login", "login"), ("the login", "token")}
        assert expected | {("the refresh", "token"), ("the call", "api")} <= roles
        assert {one.about["stage"] for one in seen} == {issuer.stage}
        told = repr(seen)
        secrets = (grant.code, grant.verifier, grant.access_token, grant.refresh_token, user.password)
        assert not [secret for secret in secrets if secret in told]
        assert not [secret for secret in secrets if secret in repr(grant)]
