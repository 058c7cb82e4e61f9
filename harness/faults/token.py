"""Faults of authorization requests, codes and refresh tokens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from authlib.oauth2.rfc6749 import InvalidRequestError
from flask import Response, request
from werkzeug.datastructures import ImmutableMultiDict

from harness.faults.registry import fault
from harness.faults.storage import sql_of
from reference_impl.api.guard import ApiGuard
from reference_impl.config import Client
from reference_impl.events.builder import EventBuilder
from reference_impl.events.fields import Reason
from reference_impl.events.occurrences import Occurrence, RefreshFailed
from reference_impl.events.schema import AuthEvent
from reference_impl.issuer.authorization import LoginFlow
from reference_impl.issuer.clients import ClientRegistry
from reference_impl.issuer.codes import CodeBinding, CodeRefused, CodeReplayed, CodeStore
from reference_impl.issuer.opaque import fingerprint
from reference_impl.issuer.policy import AuthorizationPolicy, AuthorizationRequest
from reference_impl.issuer.state import GrantRecord, IssuerState
from reference_impl.issuer.tokens import RefreshRecord, RefreshRefused, Rotation, TokenStore
from reference_impl.parts import Part

DAY = 86_400.0


@fault("F-TOKEN-01-a", "TOKEN-01.E1", Part.AUTHORIZATION_ENDPOINT)
def pkce_only_when_the_client_sends_a_challenge(real: AuthorizationPolicy) -> AuthorizationPolicy:
    class Lenient(AuthorizationPolicy):
        def check_pkce(self, challenge: str | None, method: str | None) -> None:
            if challenge is not None:
                super().check_pkce(challenge, method)

    return Lenient()


@fault("F-TOKEN-01-c", "TOKEN-01.E2", Part.METADATA)
def plain_is_still_listed(real: Any) -> Any:
    return lambda config: {**real(config), "code_challenge_methods_supported": ["S256", "plain"]}


@fault("F-TOKEN-01-x1", "TOKEN-01.E3", Part.AUTHORIZATION_ENDPOINT)
def challenges_are_expected_with_padding(real: AuthorizationPolicy) -> AuthorizationPolicy:
    class Padded(AuthorizationPolicy):
        def check_pkce(self, challenge: str | None, method: str | None) -> None:
            super().check_pkce(challenge, method)
            if not (challenge or "").endswith("="):
                raise InvalidRequestError("code_challenge is base64 with padding")

    return Padded()


@fault("F-TOKEN-01-x2", "TOKEN-01.E1", Part.AUTHORIZATION_ENDPOINT)
def only_a_request_with_a_state_is_checked(real: AuthorizationPolicy) -> AuthorizationPolicy:
    class Stateful(AuthorizationPolicy):
        def check(self, request: AuthorizationRequest) -> None:
            if request.state is not None:
                super().check(request)

    return Stateful()


@fault("F-TOKEN-01-x3", "TOKEN-01.E1", Part.AUTHORIZATION_ENDPOINT)
def a_nonce_is_taken_in_the_place_of_a_challenge(real: AuthorizationPolicy) -> AuthorizationPolicy:
    class Trusting(AuthorizationPolicy):
        def check(self, request: AuthorizationRequest) -> None:
            if request.nonce is None or request.code_challenge is not None:
                super().check(request)

    return Trusting()


@fault("F-TOKEN-03-a", "TOKEN-03.E1", Part.CLIENT_REGISTRY)
def redirect_uris_match_by_prefix(real: ClientRegistry) -> ClientRegistry:
    class Prefix(ClientRegistry):
        def accepts_redirect(self, client: Client, redirect_uri: str) -> bool:
            known = any(redirect_uri.startswith(uri) for uri in client.redirect_uris)
            return known or super().accepts_redirect(client, redirect_uri)

    return _same_clients(real, Prefix)


@fault("F-TOKEN-03-b", "TOKEN-03.E1", Part.CLIENT_REGISTRY)
def only_the_client_id_is_validated(real: ClientRegistry) -> ClientRegistry:
    class Unchecked(ClientRegistry):
        def accepts_redirect(self, client: Client, redirect_uri: str) -> bool:
            return True

    return _same_clients(real, Unchecked)


@fault("F-TOKEN-03-d", "TOKEN-03.E2", Part.CLIENT_REGISTRY)
def the_loopback_port_is_compared_too(real: ClientRegistry) -> ClientRegistry:
    class Exact(ClientRegistry):
        def accepts_redirect(self, client: Client, redirect_uri: str) -> bool:
            return redirect_uri in client.redirect_uris

    return _same_clients(real, Exact)


@fault("F-TOKEN-03-x1", "TOKEN-03.E3", Part.CLIENT_REGISTRY)
def a_known_last_path_segment_is_enough_over_https(real: ClientRegistry) -> ClientRegistry:
    class LastSegment(ClientRegistry):
        def accepts_redirect(self, client: Client, redirect_uri: str) -> bool:
            known = redirect_uri.startswith("https://") and redirect_uri.endswith("/cb")
            return known or super().accepts_redirect(client, redirect_uri)

    return _same_clients(real, LastSegment)


@fault("F-TOKEN-03-x2", "TOKEN-03.E1", Part.CLIENT_REGISTRY)
def redirect_uris_are_compared_decoded(real: ClientRegistry) -> ClientRegistry:
    class Decoded(ClientRegistry):
        def accepts_redirect(self, client: Client, redirect_uri: str) -> bool:
            return super().accepts_redirect(client, unquote(redirect_uri))

    return _same_clients(real, Decoded)


@fault("F-TOKEN-03-x3", "TOKEN-03.E1", Part.CLIENT_REGISTRY)
def the_case_of_the_host_does_not_count(real: ClientRegistry) -> ClientRegistry:
    class AnyCase(ClientRegistry):
        def accepts_redirect(self, client: Client, redirect_uri: str) -> bool:
            scheme, _, rest = redirect_uri.partition("://")
            host, slash, path = rest.partition("/")
            return super().accepts_redirect(client, f"{scheme}://{host.lower()}{slash}{path}")

    return _same_clients(real, AnyCase)


@fault("F-TOKEN-03-x4", "TOKEN-03.E1", Part.CLIENT_REGISTRY)
def one_loopback_address_is_as_good_as_the_other(real: ClientRegistry) -> ClientRegistry:
    class AnyLoopback(ClientRegistry):
        def accepts_redirect(self, client: Client, redirect_uri: str) -> bool:
            return super().accepts_redirect(client, redirect_uri.replace("[::1]", "127.0.0.1", 1))

    return _same_clients(real, AnyLoopback)


@fault("F-TOKEN-03-x5", "TOKEN-03.E3", Part.CLIENT_REGISTRY)
def an_unknown_client_is_registered_as_it_comes(real: ClientRegistry) -> ClientRegistry:
    class Open(ClientRegistry):
        def find(self, client_id: str | None) -> Client | None:
            return super().find(client_id) or (Client(client_id, ()) if client_id else None)

        def accepts_redirect(self, client: Client, redirect_uri: str) -> bool:
            return client.client_id not in self._clients or super().accepts_redirect(client, redirect_uri)

    return _same_clients(real, Open)


@fault("F-TOKEN-03-x6", "TOKEN-03.E1", Part.LOGIN_FLOW)
def of_two_redirect_uris_the_first_counts(real: LoginFlow) -> LoginFlow:
    class First(LoginFlow):
        def authorize(self) -> Response:
            request.args = ImmutableMultiDict(request.args.to_dict())
            return super().authorize()

    return First(**vars(real))


@fault("F-TOKEN-03-x7", "TOKEN-03.E1", Part.CLIENT_REGISTRY)
def white_space_around_a_redirect_uri_does_not_count(real: ClientRegistry) -> ClientRegistry:
    class Stripping(ClientRegistry):
        def accepts_redirect(self, client: Client, redirect_uri: str) -> bool:
            return super().accepts_redirect(client, redirect_uri.strip())

    return _same_clients(real, Stripping)


def _same_clients(real: ClientRegistry, kind: type[ClientRegistry]) -> ClientRegistry:
    return kind(real._clients.values())


@fault("F-TOKEN-08-b", "TOKEN-08.E2", Part.CODE_STORE)
def a_replay_leaves_the_tokens_of_the_first_redemption(real: CodeStore) -> CodeStore:
    class Forgetful(CodeStore):
        def _refusal(self, state: IssuerState, code: str) -> CodeRefused:
            return CodeReplayed(None)

    return Forgetful(real.lifetime)


@fault("F-TOKEN-08-c", "TOKEN-08.E3", Part.CODE_STORE)
def a_code_lives_for_24_hours(real: CodeStore) -> CodeStore:
    return CodeStore(DAY)


@fault("F-TOKEN-08-x1", "TOKEN-08.E1", Part.CODE_STORE)
def a_used_code_is_honoured_for_two_more_seconds(real: CodeStore) -> CodeStore:
    class Tolerant(CodeStore):
        def use(self, state: IssuerState, code: str, now: float) -> CodeBinding:
            sql_of(state).execute("UPDATE codes SET used_at = NULL WHERE used_at > ?", (now - 2,))
            return super().use(state, code, now)

    return Tolerant(real.lifetime)


@fault("F-TOKEN-08-x2", "TOKEN-08.E3", Part.CODE_STORE)
def codes_of_a_native_client_live_for_24_hours(real: CodeStore) -> CodeStore:
    class Lenient(CodeStore):
        def use(self, state: IssuerState, code: str, now: float) -> CodeBinding:
            sql = "SELECT client_id FROM codes WHERE fingerprint = ?"
            row = sql_of(state).execute(sql, (fingerprint(code),)).fetchone()
            native = row is not None and row["client_id"] == "desktop"
            return CodeStore(DAY if native else self.lifetime).use(state, code, now)

    return Lenient(real.lifetime)


@fault("F-TOKEN-08-x3", "TOKEN-08.E2", Part.CODE_STORE)
def codes_are_purged_when_their_life_ends(real: CodeStore) -> CodeStore:
    class Purging(CodeStore):
        def use(self, state: IssuerState, code: str, now: float) -> CodeBinding:
            sql_of(state).execute("DELETE FROM codes WHERE issued_at < ?", (now - self.lifetime,))
            return super().use(state, code, now)

    return Purging(real.lifetime)


class _Store(TokenStore):
    """A token store to build defects on."""

    @classmethod
    def like(cls, real: TokenStore) -> TokenStore:
        return cls(real._refresh_key, real.lifetimes)


@fault("F-TOKEN-09-b", "TOKEN-09.E2", Part.TOKEN_STORE)
def the_old_token_stays_valid_beside_the_new_one(real: TokenStore) -> TokenStore:
    class Both(_Store):
        def rotate(self, state: IssuerState, refresh_token: str, client_id: str, now: float) -> Rotation:
            record = self.find(state, refresh_token)
            if record is None or record.rotated_at is None:
                return super().rotate(state, refresh_token, client_id, now)
            self.check(record, client_id, now)
            return Rotation(record.session, self._derive(record.session, record.generation + 1), retry=True)

    return Both.like(real)


@fault("F-TOKEN-09-x1", "TOKEN-09.E1", Part.TOKEN_STORE)
def a_refresh_gives_the_same_token_back(real: TokenStore) -> TokenStore:
    class Same(_Store):
        def rotate(self, state: IssuerState, refresh_token: str, client_id: str, now: float) -> Rotation:
            record = self.find(state, refresh_token)
            if record is None:
                raise RefreshRefused(Reason.MALFORMED)
            self.check(record, client_id, now)
            return Rotation(record.session, refresh_token, retry=False)

    return Same.like(real)


@fault("F-TOKEN-09-x2", "TOKEN-09.E1", Part.TOKEN_STORE)
def tokens_of_a_native_client_do_not_rotate(real: TokenStore) -> TokenStore:
    class Kept(_Store):
        def rotate(self, state: IssuerState, refresh_token: str, client_id: str, now: float) -> Rotation:
            record = self.find(state, refresh_token)
            if record is None or client_id != "desktop":
                return super().rotate(state, refresh_token, client_id, now)
            self.check(record, client_id, now)
            return Rotation(record.session, refresh_token, retry=False)

    return Kept.like(real)


@fault("F-TOKEN-10-a", "TOKEN-10.E2", Part.TOKEN_STORE)
def old_records_are_purged_after_the_grace(real: TokenStore) -> TokenStore:
    class Purging(_Store):
        def rotate(self, state: IssuerState, refresh_token: str, client_id: str, now: float) -> Rotation:
            sql_of(state).execute(
                "DELETE FROM refresh_tokens WHERE rotated_at < ?", (now - self.lifetimes.reuse_grace,)
            )
            return super().rotate(state, refresh_token, client_id, now)

    return Purging.like(real)


@fault("F-TOKEN-10-b", "TOKEN-10.E3", Part.TOKEN_STORE)
def reuse_ends_every_session_of_the_user(real: TokenStore) -> TokenStore:
    return _sweeping(real, "subject")


@fault("F-TOKEN-10-x3", "TOKEN-10.E3", Part.TOKEN_STORE)
def reuse_ends_every_session_of_the_user_at_the_client(real: TokenStore) -> TokenStore:
    return _sweeping(real, "subject, client_id")


def _sweeping(real: TokenStore, alike: str) -> TokenStore:
    """Ends, with a session, all others that have these columns alike."""

    class Sweeping(_Store):
        def end_grant(self, state: IssuerState, session_id: str, reason: Reason, now: float) -> GrantRecord | None:
            sql_of(state).execute(
                "UPDATE grants SET ended_at = ?, end_reason = ? WHERE ended_at IS NULL AND session_id <> ?"
                f" AND ({alike}) = (SELECT {alike} FROM grants WHERE session_id = ?)",
                (now, reason, session_id, session_id),
            )
            return super().end_grant(state, session_id, reason, now)

    return Sweeping.like(real)


@fault("F-TOKEN-10-x4", "TOKEN-10.E2", Part.TOKEN_STORE)
def reuse_of_the_last_token_but_one_ends_nothing(real: TokenStore) -> TokenStore:
    class Mild(_Store):
        def rotate(self, state: IssuerState, refresh_token: str, client_id: str, now: float) -> Rotation:
            try:
                return super().rotate(state, refresh_token, client_id, now)
            except RefreshRefused as refusal:
                if refusal.record is None or refusal.reason is not Reason.REUSE_DETECTED:
                    raise
                sql = "SELECT max(generation) FROM refresh_tokens WHERE session_id = ?"
                newest = sql_of(state).execute(sql, (refusal.record.session.session_id,)).fetchone()[0]
                raise RefreshRefused(
                    Reason.REVOKED if refusal.record.generation == newest - 1 else refusal.reason, refusal.record
                ) from refusal

    return Mild.like(real)


@fault("F-TOKEN-10-x5", "TOKEN-10.E2", Part.TOKEN_STORE)
def reuse_of_the_last_token_but_one_alone_ends_the_session(real: TokenStore) -> TokenStore:
    def is_theft(state: IssuerState, record: RefreshRecord, now: float) -> bool:
        sql = "SELECT max(generation) FROM refresh_tokens WHERE session_id = ?"
        newest: int = sql_of(state).execute(sql, (record.session.session_id,)).fetchone()[0]
        return record.generation == newest - 1

    return _theft_only(real, is_theft)


@fault("F-TOKEN-10-x6", "TOKEN-10.E2", Part.TOKEN_STORE)
def reuse_ends_the_session_within_an_hour_of_the_rotation_alone(real: TokenStore) -> TokenStore:
    return _theft_only(real, lambda state, record, now: now < (record.rotated_at or now) + 3600)


def _theft_only(real: TokenStore, is_theft: Callable[[IssuerState, RefreshRecord, float], bool]) -> TokenStore:
    """Refuses every reuse, and ends the session where this says so."""

    class Mild(_Store):
        def rotate(self, state: IssuerState, refresh_token: str, client_id: str, now: float) -> Rotation:
            try:
                return super().rotate(state, refresh_token, client_id, now)
            except RefreshRefused as refusal:
                theft = refusal.record is None or is_theft(state, refusal.record, now)
                if theft or refusal.reason is not Reason.REUSE_DETECTED:
                    raise
                raise RefreshRefused(Reason.REVOKED, refusal.record) from refusal

    return Mild.like(real)


@fault("F-TOKEN-10-c", "TOKEN-10.E2", Part.API_GUARD)
def access_tokens_are_accepted_until_they_expire(real: ApiGuard) -> ApiGuard:
    class Always:
        def is_active(self, session_id: str) -> bool:
            return True

    return replace(real, grants=Always())


@fault("F-TOKEN-10-x1", "TOKEN-10.E1", Part.TOKEN_STORE)
def a_rotated_token_may_always_ask_again(real: TokenStore) -> TokenStore:
    class Endless(_Store):
        def may_retry(self, state: IssuerState, record: RefreshRecord, now: float) -> bool:
            return record.rotated_at is not None

    return Endless.like(real)


@fault("F-TOKEN-10-x2", "TOKEN-10.E4", Part.EVENT_BUILDER)
def reuse_is_told_as_a_revocation(real: EventBuilder) -> EventBuilder:
    class Vague(EventBuilder):
        def build(self, occurrence: Occurrence) -> AuthEvent | None:
            if isinstance(occurrence, RefreshFailed) and occurrence.reason is Reason.REUSE_DETECTED:
                occurrence = replace(occurrence, reason=Reason.REVOKED)
            return super().build(occurrence)

    return Vague(**vars(real))
