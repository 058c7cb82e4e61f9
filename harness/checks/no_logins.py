"""Whether each thing that is no login really happened as it was meant: else no event about it proves nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from urllib.parse import parse_qs, urlsplit

from harness.checks.common import delivers_code, is_invalid_grant, require_answer, short
from harness.observations import HttpExchange
from harness.observe import MissingObservation, Record

__all__ = ["NO_LOGINS", "WEB_LOGIN", "require_happened"]

WEB_LOGIN = "a login at the web application"
WRONG_VERIFIER, OTHER_REDIRECT = "a code with a wrong verifier", "a code for another redirect URI"
WITHIN_GRACE = "a refresh within the grace"
UPSTREAM_ERRORS = ("server_error", "temporarily_unavailable")  # RFC 6749 §4.1.2.1

Exchanges = tuple[HttpExchange, ...]
Happened = Callable[[Record, Exchanges], bool]


def require_happened(seen: Record, case: str) -> None:
    """Raises MissingObservation where an answer is missing, or where the answers are not those of the case."""
    exchanges = seen.of(HttpExchange, case)
    for exchange in exchanges:
        require_answer(exchange)
    if not _HAPPENED[case](seen, exchanges):
        raise MissingObservation(f"{case}: it did not happen so, the last answer is {short(exchanges[-1])}")


def _callback_again(seen: Record, exchanges: Exchanges) -> bool:
    """The very callback by which a login had been completed."""
    sent = {exchange.url for exchange in seen.of(HttpExchange, WEB_LOGIN) if "code" in _query(exchange.url)}
    return _was_decided(exchanges[-1]) and exchanges[-1].url in sent


def _callback_with_other_state(seen: Record, exchanges: Exchanges) -> bool:
    """A fresh code, with another state than it came with."""
    given = [e.location_parameters() for e in seen.of(HttpExchange, "a login to be misled") if delivers_code(e)]
    sent = _query(exchanges[-1].url)
    return _was_decided(exchanges[-1]) and any(
        answer["code"] == sent.get("code") and answer.get("state") != sent.get("state") for answer in given
    )


def _declined(seen: Record, exchanges: Exchanges) -> bool:
    return exchanges[-1].location_parameters().get("error") == "access_denied"


def _mistyped(seen: Record, exchanges: Exchanges) -> bool:
    """A login page was shown, filled in, and led to no code."""
    filled = [exchange for exchange in exchanges if exchange.about.get("role") == "login"]
    shown = any(exchange.status == 200 for exchange in exchanges if exchange not in filled)
    return shown and bool(filled) and _was_decided(filled[-1]) and not any(map(delivers_code, exchanges))


def _abandoned(seen: Record, exchanges: Exchanges) -> bool:
    return exchanges[-1].status == 200 and all(exchange.method == "GET" for exchange in exchanges)


def _code_left(seen: Record, exchanges: Exchanges) -> bool:
    return delivers_code(exchanges[-1])


def _upstream_failed(seen: Record, exchanges: Exchanges) -> bool:
    """An error page (5xx), or the error at the client's redirect URI."""
    last = exchanges[-1]
    return (last.status or 0) >= 500 or last.location_parameters().get("error") in UPSTREAM_ERRORS


def _code_again(seen: Record, exchanges: Exchanges) -> bool:
    first = seen.of(HttpExchange, "the first redemption", role="token")
    return first[-1].status == 200 and is_invalid_grant(exchanges[-1])


def _refused_code(case: str, seen: Record, exchanges: Exchanges) -> bool:
    """A code was handed out, and refused with what came along."""
    return any(map(delivers_code, seen.of(HttpExchange, f"{case}: the code"))) and is_invalid_grant(exchanges[-1])


def _refreshed(seen: Record, exchanges: Exchanges) -> bool:
    return len(exchanges) >= 5 and all(exchange.status == 200 for exchange in exchanges)


def _refreshed_twice(seen: Record, exchanges: Exchanges) -> bool:
    """The same token, twice, and tokens for it both times."""
    both = (*seen.of(HttpExchange, f"{WITHIN_GRACE}: the first"), *exchanges)
    return len({e.request_body for e in both}) == 1 and all(e.status == 200 for e in both)


def _was_decided(exchange: HttpExchange) -> bool:
    """The server made up its mind: it has neither failed nor lost its way."""
    return exchange.status is not None and exchange.status < 500 and exchange.status != 404


def _query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


_HAPPENED: Mapping[str, Happened] = {
    "the callback is sent again": _callback_again,
    "a callback with another state": _callback_with_other_state,
    "a declined login": _declined,
    "a mistyped password": _mistyped,
    "a login abandoned at its page": _abandoned,
    "a code that is never redeemed": _code_left,
    "an error of the identity provider": _upstream_failed,
    "a code redeemed again": _code_again,
    WRONG_VERIFIER: partial(_refused_code, WRONG_VERIFIER),
    OTHER_REDIRECT: partial(_refused_code, OTHER_REDIRECT),
    "five refreshes": _refreshed,
    WITHIN_GRACE: _refreshed_twice,
}
NO_LOGINS = tuple(_HAPPENED)
