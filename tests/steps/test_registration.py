"""What is registered at one stage and not at another, by the descriptions of the stages."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from harness.ports import Issuer
from harness.probes.stage_address import Client
from steps.registration import what_no_stage_has_alone


def issuer(stage: str, *clients: Client) -> Issuer:
    address = SimpleNamespace(clients={client.client_id: client for client in clients}, further_clients=())
    return cast("Issuer", SimpleNamespace(stage=stage, address=address))


ALL = Client("web", "https://app.example/callback")
OTHER = Client("web", "https://other.example/callback")


def told(*issuers: Issuer) -> list[str]:
    assert all(absence.declared for absence in what_no_stage_has_alone(list(issuers)))
    return [absence.capability for absence in what_no_stage_has_alone(list(issuers))]


def test_stages_of_their_own_registrations_lack_nothing() -> None:
    assert told(issuer("dev", ALL), issuer("prod", OTHER)) == []


def test_stages_of_the_same_registrations_have_none_alone() -> None:
    assert told(issuer("dev", ALL), issuer("prod", ALL)) == [
        "registration of one stage alone",
        "redirect URI of prod that is foreign to dev",
        "redirect URI of dev that is foreign to prod",
    ]


def test_a_client_of_one_stage_alone_is_still_foreign_to_the_others() -> None:
    named = Client("internal", ALL.redirect_uri)
    assert told(issuer("dev", ALL), issuer("prod", named))[0] == "redirect URI of prod that is foreign to dev"
