"""Rotation as a state machine, with answers that are lost and processes that end in the middle of a transaction."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from reference_impl.config import Lifetimes
from reference_impl.events.schema import Reason
from reference_impl.issuer.refresh_keys import RefreshKeys
from reference_impl.issuer.state import AccountRecord, IssuerState
from reference_impl.issuer.tokens import RefreshRefused, Rotation, TokenStore
from tests.reference_impl.issuer.rotating import open_store

LIFETIMES = Lifetimes()
TOKENS = TokenStore(RefreshKeys.of(b"k" * 32), LIFETIMES)


class Killed(Exception):
    """The process ended before its transaction was committed."""


class RotationMachine(RuleBasedStateMachine):
    """A client and a thief at one family. ``line``: the tokens that were made, ``held``: which one the client holds."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = TemporaryDirectory()
        self.path = Path(self._folder.name) / "state.sqlite"
        self.store = open_store(self.path)
        self.now = 1_800_000_000.0

    @initialize()
    def log_in(self) -> None:
        def work(state: IssuerState) -> tuple[str, str]:
            state.keep_account(AccountRecord("sub", "upstream", "alice", "Alice", self.now))
            session, token = TOKENS.open_grant(state, "sub", "web", "corr", "api", self.now)
            return session.session_id, token

        self.session_id, token = self.store.change(work)
        self.line, self.rotated = [token], list[float]()
        self.held, self.ended = 0, False

    @precondition(lambda self: self.ended)
    @rule()
    def log_in_again(self) -> None:
        self.log_in()

    @rule(seconds=st.sampled_from([1.0, 4.0, 9.0, 11.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(answer_is_lost=st.booleans())
    def refresh(self, answer_is_lost: bool) -> None:
        """The client refreshes with what it holds; where the answer is lost it goes on holding that."""
        token, newest = self.line[self.held], len(self.line) - 1
        if self.ended:
            self._refused(token, Reason.REVOKED)
        elif self.held == newest:
            rotation = self._rotate(token)
            assert not rotation.retry
            self.line.append(rotation.refresh_token)
            self.rotated.append(self.now)
            self.held += not answer_is_lost
        elif self.now < self.rotated[self.held] + LIFETIMES.reuse_grace:
            assert self._rotate(token) == self._rotate(token)
            assert self._rotate(token).refresh_token == self.line[newest]
            self.held += not answer_is_lost
        else:
            self._refused(token, Reason.REUSE_DETECTED)

    @rule()
    def refresh_and_be_killed(self) -> None:
        """The issuer's process ends before the commit, and another one opens the file."""

        def work(state: IssuerState) -> None:
            TOKENS.rotate(state, self.line[-1], "web", self.now)
            raise Killed

        with pytest.raises((Killed, RefreshRefused)):
            self.store.change(work)
        self.store.close()
        self.store = open_store(self.path)

    @precondition(lambda self: len(self.line) > 2)
    @rule(data=st.data())
    def steal(self, data: st.DataObject) -> None:
        """Somebody presents a token whose successor was used."""
        stolen = data.draw(st.integers(0, len(self.line) - 3))
        self._refused(self.line[stolen], Reason.REVOKED if self.ended else Reason.REUSE_DETECTED)

    @invariant()
    def one_line_and_one_leaf(self) -> None:
        if not hasattr(self, "line"):
            return
        tokens = self.store.read(lambda state: [state.token_of(self.session_id, n) for n in range(len(self.line) + 1)])
        assert tokens[-1] is None
        assert [token.rotated_at is None for token in tokens[:-1] if token] == [False] * (len(self.line) - 1) + [True]
        grant = self.store.read(lambda state: state.grant(self.session_id))
        assert grant is not None
        assert (grant.ended_at is not None) == self.ended

    def teardown(self) -> None:
        self.store.close()
        self._folder.cleanup()

    def _rotate(self, token: str) -> Rotation:
        return self.store.change(lambda state: TOKENS.rotate(state, token, "web", self.now))

    def _refused(self, token: str, reason: Reason) -> None:
        """As the token endpoint does: reuse ends the grant."""
        with pytest.raises(RefreshRefused) as refusal:
            self._rotate(token)
        assert refusal.value.reason is reason
        if reason is Reason.REUSE_DETECTED:
            self.store.change(lambda state: TOKENS.end_grant(state, self.session_id, Reason.REVOKED, self.now))
            self.ended = True


TestRotation = RotationMachine.TestCase
TestRotation.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
