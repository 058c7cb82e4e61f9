"""Faults of the identifier that links what belongs to one login."""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Iterable
from dataclasses import replace

from flask import has_request_context, request

from harness.faults.registry import fault
from reference_impl.events.audit import Audits
from reference_impl.events.builder import EventBuilder
from reference_impl.events.occurrences import AuthorizationStarted, Occurrence
from reference_impl.events.schema import AuthEvent
from reference_impl.issuer.correlation import Correlation
from reference_impl.issuer.state import IssuerState
from reference_impl.parts import Part


@fault("F-EVENT-05-b", "EVENT-05.E3", Part.CORRELATION)
def the_identifier_is_the_session_cookie(real: Correlation) -> Correlation:
    class Cookie(Correlation):
        def choose(self, state: IssuerState, proposed: str | None, others: Iterable[str | None], now: float) -> str:
            browser = next(iter(others)) or ""
            return browser.replace("_", "-")[:64]

    return Cookie()


@fault("F-EVENT-05-c", "EVENT-05.E2", Part.AUDIT_LOG)
def a_line_break_in_the_proposal_forges_a_line_of_the_log(real: Audits) -> Audits:
    def log(occurrence: Occurrence) -> None:
        real(occurrence)
        if isinstance(occurrence, AuthorizationStarted) and has_request_context():
            logging.getLogger("reference_impl.audit").info("login begun: %s", request.args.get("correlation_id"))

    return log


@fault("F-EVENT-05-x5", "EVENT-05.E3", Part.CORRELATION)
def the_identifier_is_the_beginning_of_a_hash_of_the_session_cookie(real: Correlation) -> Correlation:
    class Hashed(Correlation):
        def choose(self, state: IssuerState, proposed: str | None, others: Iterable[str | None], now: float) -> str:
            browser = next(iter(others)) or ""
            return hashlib.sha256(browser.encode()).hexdigest()[:16]

    return Hashed()


@fault("F-EVENT-05-x1", "EVENT-05.E1", Part.CORRELATION)
def all_flows_of_a_stage_have_one_identifier(real: Correlation) -> Correlation:
    class Uniform(Correlation):
        def choose(self, state: IssuerState, proposed: str | None, others: Iterable[str | None], now: float) -> str:
            return "the-one-flow"

    return Uniform()


@fault("F-EVENT-05-x2", "EVENT-05.E1", Part.EVENT_BUILDER)
def every_event_has_an_identifier_of_its_own(real: EventBuilder) -> EventBuilder:
    class Fresh(EventBuilder):
        def build(self, occurrence: Occurrence) -> AuthEvent | None:
            event = super().build(occurrence)
            return replace(event, correlation_id=str(uuid.uuid4())) if event and event.correlation_id else event

    return Fresh(**vars(real))


@fault("F-EVENT-05-x3", "EVENT-05.E2", Part.CORRELATION)
def an_identifier_may_be_taken_again(real: Correlation) -> Correlation:
    class Generous(Correlation):
        def choose(self, state: IssuerState, proposed: str | None, others: Iterable[str | None], now: float) -> str:
            return proposed if proposed and self.accepts(proposed, others) else str(uuid.uuid4())

    return Generous()


@fault("F-EVENT-05-x4", "EVENT-05.E1", Part.AUDIT_LOG)
def the_audit_log_does_not_tell_the_flow(real: Audits) -> Audits:
    def log(occurrence: Occurrence) -> None:
        logging.getLogger("reference_impl.audit").info("%s", type(occurrence).__name__)

    return log
