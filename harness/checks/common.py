"""What several checks share: pure readings of observations."""

from __future__ import annotations

from collections.abc import Iterable

from harness.checks.registry import failed, passed
from harness.model import Judgement
from harness.observations import HttpExchange, Observation
from harness.observe import MissingObservation

__all__ = ["Complaint", "conclude", "delivers_code", "ends", "is_invalid_grant", "require_answer", "short"]


TOLD = 3  # complaints in a reason; the others are counted


class Complaint(str):
    """What is wrong, in a few words, with the observations that show it."""

    shown_by: tuple[str, ...]

    def __new__(cls, text: str, *shown_by: Observation) -> Complaint:
        complaint = super().__new__(cls, text)
        complaint.shown_by = tuple(observation.id for observation in shown_by)
        return complaint


def conclude(complaints: Iterable[str], otherwise: str) -> Judgement:
    """Failed with the complaints (the first three) and what shows these, else passed with `otherwise`."""
    found = list(complaints)
    if not found:
        return passed(otherwise)
    more = f", and {len(found) - TOLD} more" if len(found) > TOLD else ""
    shown_by = dict.fromkeys(id for c in found[:TOLD] if isinstance(c, Complaint) for id in c.shown_by)
    return failed("; ".join(found[:TOLD]) + more, *shown_by)


def require_answer(exchange: HttpExchange) -> HttpExchange:
    """The exchange, if an answer came. No answer is nothing observed, not a pass."""
    if exchange.status is None:
        raise MissingObservation(f"{exchange.case}: no answer came ({exchange.error or 'no reason given'})")
    return exchange


def ends(exchanges: Iterable[HttpExchange], *keys: str) -> list[HttpExchange]:
    """The last answered exchange of each request, requests being told apart by these entries of `about`."""
    last: dict[tuple[str, ...], HttpExchange] = {}
    for exchange in exchanges:
        last[exchange.case, *(exchange.about.get(key, "") for key in keys)] = exchange
    return [require_answer(exchange) for exchange in last.values()]


def delivers_code(exchange: HttpExchange) -> bool:
    """Whether the answer hands out an authorization code, by its Location or its page."""
    return "code" in exchange.location_parameters() or 'name="code"' in exchange.body


def is_invalid_grant(exchange: HttpExchange) -> bool:
    """400 with error invalid_grant (RFC 6749 §5.2)."""
    return require_answer(exchange).status == 400 and exchange.json().get("error") == "invalid_grant"


def short(exchange: HttpExchange) -> str:
    """The answer in a few words."""
    error = exchange.json().get("error") or exchange.location_parameters().get("error") or ""
    return (
        f"HTTP {exchange.status}" + (f" {error}" if error else "") + (" with a code" if delivers_code(exchange) else "")
    )
