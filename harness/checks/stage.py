"""Judgements about what keeps the stages apart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import permutations
from typing import Any
from urllib.parse import urljoin, urlsplit

from harness.checks.common import Complaint, came, conclude, delivers_code, require_answer, short
from harness.checks.registry import Parameters, check
from harness.model import STAGES, Judgement
from harness.observations import HttpExchange, Observation, ProcessRun, TokenFacts
from harness.observe import MissingObservation, Record

BAD_STARTS = (
    "no stage at all",
    "an empty stage",
    "an abbreviation",
    "capital letters",
    "a space at the end",
    "a longer name",
    "another name for it",
)
GOOD_START = "the stage as it is"
HTTPS_STAGES = ("staging", "prod")
REQUIRED_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
REDIRECTING = ("a login that ends well", "a login that is declined", "a request that is wrong", "a web login")
NEEDED_FOR = {"a web login": "web", "a login that is declined": "way to decline"}
DEFAULT_PORTS = {"http": ":80", "https": ":443"}


@check("STAGE-01.E1", "ASVS 5.0.0 16.5.3")
def bad_starts_do_not_serve(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    for case in BAD_STARTS:
        run, answers = seen.one(ProcessRun, case), _answers(seen, case)
        if any(delivers_code(e) or "access_token" in e.json() for e in answers.values()):
            complaints.append(Complaint(f"{case}: a code or a token was handed out", run, *answers.values()))
        if run.exit_code is None and not all(e.status == 503 for e in answers.values()):
            complaints.append(Complaint(f"{case}: it runs, and {_told(answers)}", run, *answers.values()))
        elif run.exit_code == 0 or (run.exit_code is not None and run.ready):
            told = "was ready" if run.ready else "ended as if all were well"
            complaints.append(Complaint(f"{case}: it {told}", run))
    return conclude(complaints, f"none of {len(BAD_STARTS)} wrong stages was served")


@check("STAGE-01.E2", "ASVS 5.0.0 16.5.3")
def refusals_name_the_value(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    for case in BAD_STARTS:
        run = seen.one(ProcessRun, case)
        told = run.stderr + "".join(e.body for e in _answers(seen, case).values() if e.status == 503)
        quoted = re.compile(rf"[\"'`“‘]{re.escape(run.argument)}[\"'`”’]")
        if not quoted.search(told):
            complaints.append(Complaint(f"{case}: the refused value {run.argument!r} is not named in quotes", run))
        elif any(not re.search(rf"\b{stage}\b", quoted.sub("", told)) for stage in STAGES):
            complaints.append(Complaint(f"{case}: the stages that it accepts are not listed", run))
    return conclude(complaints, "every refusal named the value in quotes and the stages that are accepted")


@check("STAGE-01.E3", "ISO 27001:2022 A.8.31")
def bad_starts_have_no_issuer(seen: Record, parameters: Parameters) -> Judgement:
    asked = {case: _answers(seen, case)["metadata"] for case in BAD_STARTS}
    complaints = [
        Complaint(f"{case}: it answered as {e.json()['issuer']}", e)
        for case, e in asked.items()
        if "issuer" in e.json()
    ]
    return conclude(complaints, f"metadata were asked for after {len(asked)} bad starts, and none came")


@check("STAGE-01.E4", "ISO 27001:2022 A.8.9")
def the_good_start_is_ready(seen: Record, parameters: Parameters) -> Judgement:
    run, metadata = seen.one(ProcessRun, GOOD_START), _answers(seen, GOOD_START)["metadata"]
    if not run.ready:
        return conclude([Complaint(f"it is not ready (exit code {run.exit_code})", run)], "")
    named = metadata.status == 200 and "issuer" in metadata.json()
    complaint = [] if named else [Complaint(f"its metadata: {short(metadata)}", run, metadata)]
    return conclude(complaint, f"it was ready after {run.seconds:g} s")


def _answers(seen: Record, case: str) -> dict[str, HttpExchange]:
    """The last exchanges with metadata and token endpoint. An exchange without an answer counts only when the process
    had ended: a server that runs and does not answer has not been observed."""
    found = {e.about.get("role", ""): e for e in seen.of(HttpExchange, case)}
    if not {"metadata", "token"} <= found.keys():
        raise MissingObservation(f"{case}: metadata and token endpoint were not both asked")
    if seen.one(ProcessRun, case).exit_code is None:
        return {role: came(e) for role, e in found.items()}  # 503 is what a refused start may answer
    return found


def _told(answers: Mapping[str, HttpExchange]) -> str:
    return ", ".join(f"{role} answers {short(e)}" for role, e in answers.items())


@check("STAGE-04.E1", "RFC 8414 §3.3, RFC 9068 §4")
def issuers_are_exact(seen: Record, parameters: Parameters) -> Judgement:
    complaints: list[str] = []
    tokens = 0
    opaque = all(token.form != "jwt" for token in seen.of(TokenFacts, "login", "refresh"))
    for stage in STAGES:
        documents = _metadata(seen, stage)
        configured = documents[0].about["configured"]
        named: list[tuple[str, object, Observation]]
        named = [(document.case, document.json().get("issuer"), document) for document in documents]
        for case in ("login", "refresh"):
            minted = [token for token in seen.of(TokenFacts, case, stage=stage) if token.form == "jwt"]
            if not minted and not opaque:
                raise MissingObservation(f"{stage}: no token of a {case} could be read")
            named += [(f"the token of a {case}", token.claims.get("iss"), token) for token in minted]
            tokens += len(minted)
        complaints += [
            Complaint(f"{stage}: {what} names {issuer!r}", o) for what, issuer, o in named if issuer != configured
        ]
    told = f"{tokens} tokens" if tokens else "no token, as all are opaque,"
    return conclude(complaints, f"metadata of {len(STAGES)} stages and {told} name the configured issuer")


@check("STAGE-04.E2", "RFC 8414 §2")
def endpoints_are_on_the_issuers_origin(seen: Record, parameters: Parameters) -> Judgement:
    complaints, count = [], 0
    for stage in STAGES:
        for document in _metadata(seen, stage):
            named = _endpoints(document.json())
            count += len(named)
            complaints += [
                Complaint(f"{stage}: no {name}", document) for name in REQUIRED_ENDPOINTS if name not in named
            ]
            own = _origin(document.about["configured"])
            complaints += [
                Complaint(f"{stage}: {name} is at {_origin(url)}", document)
                for name, url in named.items()
                if _origin(url) != own
            ]
    return conclude(complaints, f"{count} endpoints of {len(STAGES)} stages are on their issuer's origin")


@check("STAGE-04.E3", "ISO 27001:2022 A.8.31")
def issuers_differ(seen: Record, parameters: Parameters) -> Judgement:
    metadata = {stage: _metadata(seen, stage)[0] for stage in STAGES}
    named = {stage: str(document.json().get("issuer", "")) for stage, document in metadata.items()}
    complaints = [
        Complaint(f"{stage} names no issuer", metadata[stage]) for stage, issuer in named.items() if not issuer
    ]
    complaints += [
        Complaint(f"the issuer of {longer} begins with that of {shorter}", metadata[shorter], metadata[longer])
        for shorter, longer in permutations(STAGES, 2)
        if named[shorter] and named[longer].startswith(named[shorter])
    ]
    return conclude(complaints, "the three issuers differ, and none begins with another")


@check("STAGE-04.E4", "ISO 27001:2022 A.8.31")
def redirects_stay_in_the_stage(seen: Record, parameters: Parameters) -> Judgement:
    complaints, count = [], 0
    for stage in STAGES:
        for case in _redirecting(seen):
            redirects = [e for e in seen.of(HttpExchange, case, stage=stage) if e.location is not None]
            if not redirects:
                raise MissingObservation(f"{stage}: {case} led to no redirect")
            count += len(redirects)
            complaints += [Complaint(f"{stage}, {case}: sent to {_sent_to(e)}", e) for e in redirects if not _stays(e)]
    return conclude(complaints, f"{count} redirects led to origins of the same stage")


def _redirecting(seen: Record) -> tuple[str, ...]:
    """The cases in which users are redirected, but for those that the target has no way to bring about."""
    return tuple(case for case in REDIRECTING if not seen.lacks(NEEDED_FOR.get(case, "")))


@check("STAGE-04.E5", "ASVS 5.0.0 12.2.1")
def nothing_comes_in_clear(seen: Record, parameters: Parameters) -> Judgement:
    complaints, count = [], 0
    for stage in HTTPS_STAGES:
        _metadata(seen, stage)  # it was there to be asked
        asked = [e for e in seen.of(HttpExchange, "in clear", stage=stage) if e.url.startswith("http://")]
        absent = {"metadata", "authorize", "token"} - {e.about.get("role", "") for e in asked}
        if absent:
            raise MissingObservation(f"{stage}: not asked for in clear: {', '.join(sorted(absent))}")
        count += len(asked)
        complaints += [Complaint(f"{stage}: {what} came in clear", e) for e in asked if (what := _handed_out(e))]
    return conclude(complaints, f"{count} requests in clear were given neither metadata nor a code nor a token")


def _metadata(seen: Record, stage: str) -> list[HttpExchange]:
    """The stage's metadata documents, the RFC 8414 one first, the OpenID one second; there may be one of them only."""
    first, second = (
        require_answer(seen.one(HttpExchange, case, stage=stage)) for case in ("metadata", "OpenID metadata")
    )
    found = [first] if first.status == 200 else []
    found += [second] if second.status == 200 and second.json() else []
    if not found:
        raise MissingObservation(f"{stage}: no metadata at either place")
    return found


def _endpoints(metadata: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(url) for name, url in metadata.items() if name.endswith("_endpoint") or name == "jwks_uri"}


def _origin(url: str) -> str:
    """Scheme, host and port (RFC 6454 §4); the port of the scheme is left out, whoever writes it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower().removesuffix(DEFAULT_PORTS.get(parts.scheme.lower(), ":"))


def _sent_to(exchange: HttpExchange) -> str:
    return _origin(urljoin(exchange.url, exchange.location or ""))


def _stays(exchange: HttpExchange) -> bool:
    """At an origin of the stage. The step adds where a native client listens (RFC 8252 §7.3), for that client only."""
    return _sent_to(exchange) in {_origin(origin) for origin in exchange.about["origins"].split()}


def _handed_out(exchange: HttpExchange) -> str:
    body = exchange.json()
    if "issuer" in body or "token_endpoint" in body:
        return "metadata"
    if "access_token" in body:
        return "a token"
    return "a code" if delivers_code(exchange) else ""
