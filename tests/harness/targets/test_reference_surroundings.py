"""What operators see of the reference, and its signing keys."""

from __future__ import annotations

import logging

from harness.observe import Recorder
from harness.probes.forgery import compact, read
from harness.targets.reference import ReferenceTarget


def test_what_is_signed_by_the_key_is_a_token_of_the_issuers(reference: ReferenceTarget, recorder: Recorder) -> None:
    at = reference.issuer("dev", recorder)
    grant = at.log_in("a login", next(iter(at.address.clients.values())), at.address.users["existing"])
    token = read(grant.access_token)
    assert token is not None
    made = compact(token.header, token.claims, lambda signed: reference.signing_key().sign("dev", signed))
    assert at.observe_token("made", made, "forged_token").signed_by == "dev"
    assert at.call_api("a call", made).status == 200
    other = compact(token.header, token.claims, lambda signed: reference.signing_key().sign("prod", signed))
    assert at.observe_token("made elsewhere", other, "forged_token").signed_by == ""


def test_who_asks_for_keys_is_noticed_and_the_harness_is_told_apart(
    reference: ReferenceTarget, recorder: Recorder
) -> None:
    seen = reference.surroundings(recorder)
    seen.watch("dev")
    with reference.new_session() as somebody:
        somebody.get(f"{reference.addresses['dev'].issuer}/.well-known/jwks.json", headers={"User-Agent": "somebody"})
    log = seen.key_requests("requests", "dev")
    assert (log.visits, log.noticed) == (("somebody",), True)


def test_what_is_logged_is_seen_until_it_is_closed(reference: ReferenceTarget, recorder: Recorder) -> None:
    seen = reference.surroundings(recorder)
    seen.watch("dev")
    logging.getLogger("reference_impl.api").warning("no key: %s", "none")
    (record,) = seen.logs("logs", "dev").records
    assert (record["level"], record["message"]) == ("WARNING", "no key: none")
    seen.close()  # type: ignore[attr-defined]  # the scenario closes whatever port can be closed
