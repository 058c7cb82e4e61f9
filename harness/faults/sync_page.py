"""Faults of a page that syncs: its scripts, as somebody else would have written them, and what stands behind them."""

from __future__ import annotations

from collections.abc import Callable

import requests

from harness.faults.registry import fault
from reference_impl.oauth_client import IssuerUnavailable, OAuthClient, Tokens
from reference_impl.parts import Part
from reference_impl.token_manager import SignedOut, TokenManager

Asset = tuple[bytes, str] | None
Assets = Callable[[str], Asset]


def altered(real: Assets, script: str, *changes: tuple[str, str]) -> Assets:
    """The assets, with one script changed. Raises ValueError where it no longer holds what is to be replaced."""

    def asset(name: str) -> Asset:
        found = real(name)
        if name != script or found is None:
            return found
        text = found[0].decode()
        for old, new in changes:
            if old not in text:
                raise ValueError(f"{script} holds no {old!r} any more")
            text = text.replace(old, new)
        return text.encode(), found[1]

    asset(script)
    return asset


@fault("F-SYNC-02-a", "SYNC-02.E2", Part.ASSETS)
def the_pusher_goes_on_with_the_token_of_its_first_request(real: Assets) -> Assets:
    kept = ("function via(path) {", "function via(path) {\n  let first;")
    return altered(real, "sync.js", kept, ("Authorization: replica.auth", "Authorization: (first ??= replica.auth)"))


@fault("F-SYNC-02-b", "SYNC-02.E4", Part.ASSETS)
def get_auth_is_not_set(real: Assets) -> Assets:
    return altered(real, "sync.js", ("replica.getAuth = session.getAuth;", ""))


@fault("F-SYNC-02-x1", "SYNC-02.E1", Part.TOKEN_MANAGER)
def each_request_that_was_refused_is_refreshed_for(real: TokenManager) -> TokenManager:
    class Eager(TokenManager):
        def refresh_named(self, handle: str) -> str:
            self.access_token()  # what another request has begun is waited for, and then done again
            self.refresh()
            return self.handle

    return Eager(real.oauth, real.vault, real._clock)


@fault("F-SYNC-02-x3", "SYNC-02.E1", Part.OAUTH_CLIENT)
def each_refresh_is_sent_twice(real: OAuthClient) -> OAuthClient:
    """The same token again, though it was answered."""

    class Insistent(OAuthClient):
        def refresh(self, refresh_token: str) -> Tokens:
            super().refresh(refresh_token)
            return super().refresh(refresh_token)

    return Insistent(real._http, real.issuer, real.client_id, real._clock)


@fault("F-SYNC-02-x2", "SYNC-02.E3", Part.ASSETS)
def what_waits_is_made_anew_with_a_new_token(real: Assets) -> Assets:
    """And the old ones are pushed all the same."""
    begins = "async function changed(state) {"
    again = """
  for (const { args } of state === "fresh" ? await replica.experimentalPendingMutations() : [])
    await replica.mutate.createNote({ id: crypto.randomUUID(), text: args.text });"""
    return altered(real, "sync.js", (begins, begins + again))


@fault("F-SYNC-06-a", "SYNC-06.E2", Part.TOKEN_MANAGER)
def tokens_are_deleted_after_two_network_errors(real: TokenManager) -> TokenManager:
    class Impatient(TokenManager):
        failures = 0

        def _exchange(self, epoch: int) -> Tokens:
            try:
                return super()._exchange(epoch)
            except IssuerUnavailable as error:
                self.failures += 1
                if self.failures < 2:
                    raise
                self.forget()
                raise SignedOut("too many errors") from error

    return Impatient(real.oauth, real.vault, real._clock)


@fault("F-SYNC-06-c", "SYNC-06.E2", Part.TOKEN_MANAGER)
def an_error_of_the_server_signs_the_user_out(real: TokenManager) -> TokenManager:
    class Final(TokenManager):
        def _exchange(self, epoch: int) -> Tokens:
            try:
                return super()._exchange(epoch)
            except IssuerUnavailable as error:
                self.forget()
                raise SignedOut("the refresh failed") from error

    return Final(real.oauth, real.vault, real._clock)


@fault("F-SYNC-06-x1", "SYNC-06.E1", Part.ASSETS)
def a_session_that_is_over_is_tried_again(real: Assets) -> Assets:
    over = "const over = answer.status === 401 && told?.signed_in === false;"
    return altered(real, "auth.js", (over, "const over = false;"))


@fault("F-SYNC-06-x2", "SYNC-06.E3", Part.OAUTH_CLIENT)
def whatever_comes_with_200_is_a_token(real: OAuthClient) -> OAuthClient:
    class Trusting(OAuthClient):
        def _tokens(self, response: requests.Response, held: str | None) -> Tokens:
            if response.status_code == 200 and "html" in response.headers.get("Content-Type", ""):
                return Tokens(response.text, held or "", self._clock.now() + 600)
            return super()._tokens(response, held)

    return Trusting(real._http, real.issuer, real.client_id, real._clock)


@fault("F-SYNC-06-x3", "SYNC-06.E2", Part.ASSETS)
def a_refresh_that_failed_is_tried_again_at_once(real: Assets) -> Assets:
    wait = "this.#notBefore = performance.now() + Math.max(asked * 1000, growing * (1 + Math.random() / 4));"
    return altered(real, "auth.js", (wait, "this.#notBefore = performance.now() + 100;"))


@fault("F-SYNC-06-x4", "SYNC-06.E2", Part.OAUTH_CLIENT)
def nobody_reads_retry_after(real: OAuthClient) -> OAuthClient:
    class Deaf(OAuthClient):
        def _tokens(self, response: requests.Response, held: str | None) -> Tokens:
            response.headers.pop("Retry-After", None)
            return super()._tokens(response, held)

    return Deaf(real._http, real.issuer, real.client_id, real._clock)


@fault("F-SYNC-07-a", "SYNC-07.E1", Part.ASSETS)
def get_auth_waits_without_a_limit(real: Assets) -> Assets:
    return altered(real, "auth.js", ("setTimeout(() => limit.abort(), LIMIT)", "setTimeout(() => {}, LIMIT)"))


@fault("F-SYNC-07-b", "SYNC-07.E4", Part.ASSETS)
def the_lock_between_tabs_outlives_the_tab_that_holds_it(real: Assets) -> Assets:
    asked = "return await navigator.locks.request(LOCK, { signal }, () => this.#ask(signal));"
    own = """while (localStorage.getItem(LOCK)) {
        if (signal.aborted) throw new Error("locked");
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      localStorage.setItem(LOCK, "yes");
      try {
        return await this.#ask(signal);
      } finally {
        localStorage.removeItem(LOCK);
      }"""
    return altered(real, "auth.js", (asked, own))


@fault("F-SYNC-07-x1", "SYNC-07.E2", Part.ASSETS)
def a_note_is_written_when_the_token_is_known_to_be_good(real: Assets) -> Assets:
    written = "await replica.mutate.createNote({ id, text });"
    checked = f"if ((await fetch('/session')).ok && (await pending()) > 0) await session.getAuth();\n    {written}"
    return altered(real, "sync.js", (written, checked))


@fault("F-SYNC-07-x2", "SYNC-07.E3", Part.ASSETS)
def after_a_refresh_that_failed_nothing_is_tried_again(real: Assets) -> Assets:
    return altered(real, "auth.js", ("return performance.now() < this.#notBefore;", "return this.#failures > 0;"))


@fault("F-SYNC-08-a", "SYNC-08.E1", Part.ASSETS)
def nobody_waits_for_the_deletion(real: Assets) -> Assets:
    return altered(
        real, "leaving.js", ("Promise.all([tell(), dropAll()])", "Promise.all([tell(), setTimeout(dropAll, 600_000)])")
    )


@fault("F-SYNC-08-c", "SYNC-08.E4", Part.ASSETS)
def a_deletion_that_is_blocked_is_not_told(real: Assets) -> Assets:
    looked = "const left = (await databases()).length > 0;"
    return altered(real, "local_data.js", (looked, "const left = false;"))


@fault("F-SYNC-08-x1", "SYNC-08.E2", Part.ASSETS)
def what_is_not_saved_is_lost_without_a_word(real: Assets) -> Assets:
    asked = "if ((unsaved > 0 || isUnknown) && !(await show.mayLose(unsaved))) return;"
    return altered(real, "sync.js", (asked, ""))


@fault("F-SYNC-08-x3", "SYNC-08.E2", Part.ASSETS)
def what_is_not_open_yet_is_lost_without_a_word(real: Assets) -> Assets:
    return altered(real, "sync.js", ("(unsaved > 0 || isUnknown)", "unsaved > 0"))


@fault("F-SYNC-08-x2", "SYNC-08.E3", Part.ASSETS)
def all_users_of_a_browser_share_one_database(real: Assets) -> Assets:
    """And a logout leaves it to the next one."""
    shared = altered(real, "sync.js", ("name: subject,", 'name: "notes",'))
    looked = "const left = (await databases()).length > 0;"
    named = "listed.map(({ name }) => name)"
    return altered(shared, "local_data.js", (named, "[]"), (looked, "const left = false;"))
