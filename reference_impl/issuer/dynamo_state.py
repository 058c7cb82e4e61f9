"""The issuer's state in one DynamoDB table: for issuers without a disk, several of them at once.

| pk | sk | what |
|---|---|---|
| identity, provider, subject there | record | the account's subject here |
| account, subject | record; ``grant`` or ``code`` with its key | the account; what is erased with it |
| login, code, token: fingerprint | record | the login, the code, or which generation the token is |
| grant, session | record; ``generation`` with its number | the grant; its tokens |
| correlation, identifier | record | that it was taken |
| erasing | subject | that an account is gone, and not yet all that hung on it |
| malformed | client | how many garbled tokens were counted |
| proof, fingerprint | record | that a proof was used (dynamo_proofs.py) |

Items expire some time after nothing asks for them any more; rules never rely on that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import TypeVar

from reference_impl.database import StorageError
from reference_impl.issuer.dynamo_table import DynamoTable, Unit, joined
from reference_impl.issuer.state import (
    AccountRecord,
    CodeRecord,
    Erased,
    GrantRecord,
    IssuerState,
    LoginRecord,
    TokenRecord,
)

T = TypeVar("T")

DAY = 86_400.0
KEPT = 60 * DAY  # longer than any session lives: reuse and replays are noticed as long as they may matter
LOGIN_KEPT = DAY
MALFORMED = "malformed"
ERASING = "erasing"
ERASED_AT_ONCE = 15  # grants or codes: five items each with their event, and one transaction takes 100


@dataclass(frozen=True)
class DynamoState:
    """One transaction on the table."""

    unit: Unit
    afterwards: list[Callable[[], None]] = field(default_factory=list)

    def once_committed(self, tell: Callable[[], None]) -> None:
        self.afterwards.append(tell)

    def keep_account(self, account: AccountRecord) -> tuple[AccountRecord, bool]:
        identity = joined("identity", account.provider, account.provider_subject)
        kept = self.account_of(account.provider, account.provider_subject)
        if kept is not None:
            return kept, False
        self.unit.put({"subject": account.subject}, None, identity)
        self.unit.add(asdict(account), None, joined("account", account.subject))
        return account, True

    def account(self, subject: str) -> AccountRecord | None:
        found = self.unit.get(joined("account", subject))
        return AccountRecord(**found) if found else None

    def account_of(self, provider: str, provider_subject: str) -> AccountRecord | None:
        known = self.unit.get(joined("identity", provider, provider_subject))
        return self.account(str(known["subject"])) if known else None

    def set_disabled(self, subject: str, disabled: bool) -> bool:
        found = self.unit.get(joined("account", subject))
        if found is None:
            return False
        self.unit.put({**found, "disabled": disabled}, None, joined("account", subject))
        return True

    def erase_account(self, subject: str) -> Erased:
        """The account goes first, and leaves a mark; then, some at a time, the grants and codes that hang on it; the
        mark goes with the last. What is left of tokens names nobody, and expires."""
        account = self.account(subject)
        if account is not None:
            self.unit.delete(joined("account", subject))
            self.unit.delete(joined("identity", account.provider, account.provider_subject))
            self.unit.put({}, None, ERASING, subject)
            return Erased([], whole=False)
        owned = list(islice((sk for sk, _ in self.unit.query(joined("account", subject))), ERASED_AT_ONCE + 1))
        ended = [grant for sk in owned[:ERASED_AT_ONCE] if (grant := self._erase_owned(subject, sk))]
        whole = len(owned) <= ERASED_AT_ONCE
        if whole:
            self.unit.delete(ERASING, subject)
        return Erased(ended, whole)

    def unerased(self) -> list[str]:
        return [subject for subject, _ in self.unit.query(ERASING)]

    def _erase_owned(self, subject: str, sk: str) -> GrantRecord | None:
        """Delete a grant or a code of the account; return a grant that went on."""
        kind, _, key = sk.partition("\x1f")
        grant = self.grant(key) if kind == "grant" else None
        self.unit.delete(joined("account", subject), sk)
        self.unit.delete(joined(kind, key))
        return grant if grant and grant.ended_at is None else None

    def take_correlation(self, correlation_id: str, now: float) -> bool:
        key = joined("correlation", correlation_id)
        taken = self.unit.get(key)
        if taken is not None and now < float(taken["taken_at"]) + KEPT:
            return False
        self.unit.put({"taken_at": now}, now + KEPT, key)
        return True

    def add_login(self, login: LoginRecord) -> None:
        self.unit.add(asdict(login), login.began_at + LOGIN_KEPT, joined("login", login.fingerprint))

    def login(self, fingerprint: str) -> LoginRecord | None:
        found = self.unit.get(joined("login", fingerprint))
        return LoginRecord(**found) if found else None

    def end_login(self, fingerprint: str) -> bool:
        if self.login(fingerprint) is None:
            return False
        self.unit.delete(joined("login", fingerprint))
        return True

    def forget_logins(self, before: float) -> None:
        """They expire."""

    def add_code(self, code: CodeRecord) -> None:
        expiry = code.issued_at + KEPT
        self.unit.add(asdict(code), expiry, joined("code", code.fingerprint))
        self.unit.add({}, expiry, joined("account", code.subject), joined("code", code.fingerprint))

    def code(self, fingerprint: str) -> CodeRecord | None:
        found = self.unit.get(joined("code", fingerprint))
        return CodeRecord(**found) if found else None

    def take_code(self, fingerprint: str, now: float) -> CodeRecord | None:
        found = self.unit.get(joined("code", fingerprint))
        if found is None or found["used_at"] is not None:
            return None
        taken = {**found, "used_at": now}
        self.unit.put(taken, now + KEPT, joined("code", fingerprint))
        return CodeRecord(**taken)

    def bind_code(self, fingerprint: str, session_id: str) -> None:
        found = self.unit.get(joined("code", fingerprint))
        if found is not None:
            self.unit.put({**found, "session_id": session_id}, found["issued_at"] + KEPT, joined("code", fingerprint))

    def add_grant(self, grant: GrantRecord) -> None:
        if self.account(grant.subject) is None:  # it is compared at the commit: no grant outlives an account's end
            raise StorageError("a grant is for an account")
        expiry = grant.began_at + KEPT
        self.unit.add(asdict(grant), expiry, joined("grant", grant.session_id))
        self.unit.add({}, expiry, joined("account", grant.subject), joined("grant", grant.session_id))

    def grant(self, session_id: str) -> GrantRecord | None:
        found = self.unit.get(joined("grant", session_id))
        return GrantRecord(**found) if found else None

    def bind_grant(self, session_id: str, thumbprint: str) -> None:
        self._change_grant(session_id, thumbprint=thumbprint)

    def end_grant(self, session_id: str, reason: str, now: float) -> GrantRecord | None:
        grant = self.grant(session_id)
        if grant is None or grant.ended_at is not None:
            return None
        return self._change_grant(session_id, ended_at=now, end_reason=reason)

    def add_token(self, token: TokenRecord) -> None:
        grant = self.unit.get(joined("grant", token.session_id))
        if grant is None:
            raise StorageError("a refresh token is of a grant")
        expiry = float(grant["began_at"]) + KEPT
        generation = {"session_id": token.session_id, "generation": token.generation}
        self.unit.add(generation, expiry, joined("token", token.fingerprint))
        self.unit.add(asdict(token), expiry, *_generation(token.session_id, token.generation))

    def token(self, fingerprint: str) -> TokenRecord | None:
        found = self.unit.get(joined("token", fingerprint))
        return self.token_of(found["session_id"], found["generation"]) if found else None

    def token_of(self, session_id: str, generation: int) -> TokenRecord | None:
        found = self.unit.get(*_generation(session_id, generation))
        return TokenRecord(**found) if found else None

    def rotate(self, session_id: str, generation: int, successor: str, now: float) -> bool:
        token = self.token_of(session_id, generation)
        grant = self._change_grant(session_id, refreshed_at=now) if token and token.rotated_at is None else None
        if token is None or grant is None:
            return False
        expiry = grant.began_at + KEPT
        self.unit.put({**asdict(token), "rotated_at": now}, expiry, *_generation(session_id, generation))
        self.add_token(TokenRecord(successor, session_id, generation + 1))
        return True

    def count_malformed(self, client_id: str) -> None:
        found = self.unit.get(MALFORMED, client_id) or {"reported_at": 0.0, "unreported": 0}
        self.unit.put({**found, "unreported": found["unreported"] + 1}, None, MALFORMED, client_id)

    def overdue_malformed(self, before: float) -> list[tuple[str, int]]:
        clients = sorted({sk for sk, _ in self.unit.query(MALFORMED)} | self.unit.written(MALFORMED))
        counted = [(client, self.unit.get(MALFORMED, client) or {}) for client in clients]
        return [(c, v["unreported"]) for c, v in counted if v and v["unreported"] > 0 and v["reported_at"] <= before]

    def report_malformed(self, client_id: str, now: float) -> None:
        self.unit.put({"reported_at": now, "unreported": 0}, None, MALFORMED, client_id)

    def _change_grant(self, session_id: str, **changes: float | str) -> GrantRecord | None:
        found = self.unit.get(joined("grant", session_id))
        if found is None:
            return None
        changed = {**found, **changes}
        self.unit.put(changed, float(changed["began_at"]) + KEPT, joined("grant", session_id))
        return GrantRecord(**changed)


def _generation(session_id: str, generation: int) -> tuple[str, str]:
    return joined("grant", session_id), joined("generation", f"{generation:010d}")


class DynamoStore:
    """Transactions on a stage's table."""

    def __init__(self, table: DynamoTable) -> None:
        self.table = table
        self._listeners: list[Callable[[], None]] = []

    def change(self, work: Callable[[DynamoState], T]) -> T:
        def begin(unit: Unit) -> tuple[T, DynamoState]:
            state = DynamoState(unit)
            return work(state), state

        result, committed = self.table.change(begin)
        for tell in (*committed.afterwards, *self._listeners):
            tell()
        return result

    def read(self, work: Callable[[DynamoState], T]) -> T:
        return self.table.read(lambda unit: work(DynamoState(unit)))

    def after_commit(self, listener: Callable[[], None]) -> None:
        self._listeners.append(listener)

    def close(self) -> None:
        self.table.client.close()


def unit_of(state: IssuerState) -> Unit:
    """Return the transaction on the table. Raises TypeError for one of another store."""
    if not isinstance(state, DynamoState):
        raise TypeError(f"{type(state).__name__} is no transaction of the DynamoDB store; use its own store's outbox")
    return state.unit
