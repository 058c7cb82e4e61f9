"""Judgements about an issuer that is told by its requesters who it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from urllib.parse import unquote, urlsplit

from harness.checks.common import Complaint, conclude, delivers_code, require_answer, short
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import HttpExchange, TokenFacts
from harness.observe import MissingObservation, Record

INJECTIONS = (
    "Host",
    "X-Forwarded-Host",
    "X-Forwarded-Server",
    "X-Forwarded-Proto",
    "X-Forwarded-Port",
    "X-Forwarded-Prefix",
    "Forwarded",
    "all but Host",
    "all of them",
)
UNDISTURBED = "none"
OTHER_HOST, OTHER_PORT, OTHER_PREFIX = "prod-issuer.example", "444", "/behind-another-prefix"
DOCUMENTS = ("metadata", "OpenID metadata")
REFUSAL, LOGIN, MINTING = "a refused request", "a login", ("a code exchange", "a refresh")
ISSUER_CASES = (*DOCUMENTS, "keys", REFUSAL, LOGIN, *MINTING)
USES = ("a call of the API", "a call of the API with a false token", "a call of userinfo")
REFUSED = (400, 421)  # RFC 9110 §15.5.1, §15.5.20
NOT_SERVED = (403, 404)  # what a router of hosts answers to a Host that it does not serve

Exchanges = tuple[HttpExchange, ...]


@check("STAGE-05.E1", "RFC 8414 §3.3, ASVS 5.0.0 4.1.3")
def answers_keep_the_configured_issuer(seen: Record, parameters: Parameters) -> Judgement:
    plain = _undisturbed(seen)
    complaints: list[Complaint] = []
    count = 0
    for case, injected in product(plain, INJECTIONS):
        exchanges = _asked(seen, case, injected)
        count += len(exchanges)
        complaints += _deviations(seen, exchanges, plain[case])
    return conclude(
        complaints, f"{count} answers to {len(INJECTIONS)} injections carried the configured issuer, or refused"
    )


def _undisturbed(seen: Record) -> dict[str, Exchanges]:
    """What the issuer answered to nobody's interference, by case. Raises MissingObservation unless there are metadata,
    and tokens were got."""
    found: dict[str, Exchanges] = {}
    for case in ISSUER_CASES:
        exchanges = tuple(o for o in seen if isinstance(o, HttpExchange) and o.case == case and _is(o, UNDISTURBED))
        if exchanges or case in (*DOCUMENTS, REFUSAL, LOGIN, MINTING[0]):
            found[case] = _asked(seen, case, UNDISTURBED)
    documents = [found[case][-1] for case in DOCUMENTS]
    if not any(document.status == 200 and document.json() for document in documents):
        raise MissingObservation("without any header there are no metadata either")
    if any(found[case][-1].status != 200 for case in MINTING if case in found):
        raise MissingObservation("without any header no tokens were given either")
    return found


def _is(exchange: HttpExchange, injected: str) -> bool:
    return exchange.about.get("injected") == injected


def _asked(seen: Record, case: str, injected: str) -> Exchanges:
    """All answers of a case. Raises MissingObservation where one is missing, or was asked for without the header."""
    found = tuple(require_answer(exchange) for exchange in seen.of(HttpExchange, case, injected=injected))
    wanted = {"all of them": "Host", "all but Host": "Forwarded"}.get(injected, injected)
    if injected != UNDISTURBED and any(wanted not in dict(exchange.request_headers) for exchange in found):
        raise MissingObservation(f"{injected}, {case}: it was not sent along")
    return found


def _deviations(seen: Record, exchanges: Exchanges, plain: Exchanges) -> Iterator[Complaint]:
    """What the headers changed in the answers to one request and those that followed from it."""
    told, last = f"{exchanges[0].about['injected']}, {exchanges[0].case}", exchanges[-1]
    for exchange in exchanges:
        if traces := _traces(seen, exchange) - {trace for one in plain for trace in _traces(seen, one)}:
            yield Complaint(f"{told}: {' and '.join(sorted(traces))}", exchange)
            return
    if not _keeps_out(last) and not _is_like(last, plain[-1]):
        yield Complaint(f"{told}: {short(last)}, and {short(plain[-1])} without the header", last)


def _traces(seen: Record, exchange: HttpExchange) -> set[str]:
    """Where an answer names what only the headers said: the other host or prefix, or the issuer's own host with another
    port or scheme."""
    issuer = urlsplit(exchange.about["configured"])
    own = re.escape(issuer.hostname or "")
    scheme = "http" if issuer.scheme == "https" else "https"
    lies = re.compile(
        rf"{re.escape(OTHER_HOST)}|{OTHER_PREFIX}|(?<![\w.-]){own}:{OTHER_PORT}(?!\d)|(?<!\w){scheme}://{own}(?![\w.-])"
    )
    places = {"the body": exchange.body, "the Location": exchange.location or ""}
    places["a token"] = " ".join(str(claim) for facts in _tokens(seen, exchange) for claim in facts.claims.values())
    return {f"{found[0]} in {place}" for place, text in places.items() if (found := lies.search(unquote(text)))}


def _tokens(seen: Record, exchange: HttpExchange) -> list[TokenFacts]:
    """The tokens that an answer gave, as far as they can be read."""
    given = {value for value in exchange.json().values() if isinstance(value, str)}
    return [o for o in seen if isinstance(o, TokenFacts) and o.form == "jwt" and o.token in given]


def _keeps_out(exchange: HttpExchange) -> bool:
    """Whether the request was not served under what it said of its host: refused, or sent home."""
    return _refused(exchange) or _refuses_the_host(exchange) or _goes_home(exchange)


def _refused(exchange: HttpExchange) -> bool:
    """400 or 421. Where Host itself was another one, 403 and 404 too: so says a router of hosts that the issuer is not
    served by that name, which is what 421 says as well (RFC 9110 §7.4)."""
    return exchange.status in REFUSED or (_changed_host(exchange) and exchange.status in NOT_SERVED)


def _refuses_the_host(exchange: HttpExchange) -> bool:
    """Where Host itself was altered: any 4xx, or a redirect with an OAuth error, which names no other issuer (RFC 9207
    §2). No clause says how a name that is not served is refused."""
    parameters, configured = exchange.location_parameters(), exchange.about["configured"]
    by_redirect = "error" in parameters and parameters.get("iss", configured) == configured
    return _changed_host(exchange) and (by_redirect or (exchange.status or 0) in range(400, 500))


def _changed_host(exchange: HttpExchange) -> bool:
    return any(name.lower() == "host" for name, _ in exchange.request_headers)


def _goes_home(exchange: HttpExchange) -> bool:
    """A redirect to the configured origin, or to that which was asked: the issuer, or the API, insists on who it is."""
    homes = [(home.scheme, home.netloc) for home in map(urlsplit, (exchange.about["configured"], exchange.url))]
    to = urlsplit(exchange.location or "")
    return (exchange.status or 0) in range(300, 400) and (to.scheme, to.netloc) in homes


def _is_like(exchange: HttpExchange, plain: HttpExchange) -> bool:
    """Whether it is the answer that comes without the headers too, as far as that names an issuer."""
    if exchange.status != plain.status or delivers_code(exchange) != delivers_code(plain):
        return False
    one, other = exchange.location_parameters(), plain.location_parameters()
    return _named(exchange) == _named(plain) and one.get("iss") == other.get("iss")


def _named(exchange: HttpExchange) -> dict[str, object]:
    """Issuer and endpoints of a metadata document; the keys of a key set."""
    members = exchange.json().items()
    return {name: value for name, value in members if name == "keys" or str(value).startswith(("http:", "https:"))}


@check("STAGE-05.E2", "RFC 9068 §4, RFC 8414 §3.3")
def tokens_name_the_configured_issuer(seen: Record, parameters: Parameters) -> Judgement:
    complaints, minted, refused, unread = [], 0, 0, ""
    for case, injected in product((case for case in _undisturbed(seen) if case in MINTING), INJECTIONS):
        answer = _asked(seen, case, injected)[-1]
        tokens = [facts for facts in _tokens(seen, answer) if "iss" in facts.claims]
        if answer.status == 200 and not tokens:
            unread = unread or f"{injected}, {case}: no token tells its issuer"
        minted, refused = minted + len(tokens), refused + (answer.status != 200)
        for facts in tokens:
            if facts.claims["iss"] != answer.about["configured"]:
                told = f"{injected}, {case}: the {facts.token_kind} is of {facts.claims['iss']!r}"
                complaints.append(Complaint(told, answer, facts))
    if unread and not complaints:
        raise MissingObservation(unread)
    return conclude(complaints, f"{minted} tokens name the configured issuer, and {refused} requests got none")


@check("STAGE-05.E3", "RFC 9068 §4")
def tokens_are_verified_alike(seen: Record, parameters: Parameters) -> Judgement:
    """A request that is refused for its Host, or sent home, verifies nothing, so it is no other outcome."""
    plain = {
        o.case: require_answer(o)
        for o in seen
        if isinstance(o, HttpExchange) and o.case in USES and _is(o, UNDISTURBED)
    }
    if not any(exchange.status == 200 for exchange in plain.values()):
        raise MissingObservation("without any header no good token was accepted either")
    complaints, count = [], 0
    for injected, case in product(INJECTIONS, plain):
        answer = _asked(seen, case, injected)[-1]
        count += 1
        kept_out = _keeps_out(answer) and answer.status != 401  # which tells of the token
        if answer.status != plain[case].status and not kept_out:
            told = f"{injected}, {case}: {short(answer)}, and {short(plain[case])} without the header"
            complaints.append(Complaint(told, answer, plain[case]))
    return conclude(complaints, f"{count} tokens were accepted or refused as they are without the headers")
