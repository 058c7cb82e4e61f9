"""Faults of an API that takes access tokens in other places, and of its access log."""

from __future__ import annotations

from collections.abc import Callable

from flask import Request, request

from harness.faults.registry import fault
from reference_impl.api.challenge import Unauthorized
from reference_impl.api.guard import ApiGuard, Principal
from reference_impl.parts import Part
from reference_impl.rfc9449 import PresentedProof


@fault("F-WEB-05-b", "WEB-05.E3", Part.ACCESS_LOG)
def the_access_log_records_the_full_query_string(real: Callable[[Request, int], str]) -> Callable[[Request, int], str]:
    return lambda asked, status: f"{real(asked, status)} {asked.full_path}"


@fault("F-WEB-05-x1", "WEB-05.E1", Part.API_GUARD)
def without_a_header_the_query_is_asked(real: ApiGuard) -> ApiGuard:
    class Obliging(ApiGuard):
        def admit(self, authorization: str | None, proof: PresentedProof | None = None) -> Principal:
            token = request.args.get("access_token")
            return super().admit(authorization or (f"Bearer {token}" if token else None), proof)

    return Obliging(**vars(real))


@fault("F-WEB-05-x2", "WEB-05.E1", Part.API_GUARD)
def without_a_header_a_cookie_counts(real: ApiGuard) -> ApiGuard:
    class Obliging(ApiGuard):
        def admit(self, authorization: str | None, proof: PresentedProof | None = None) -> Principal:
            token = request.cookies.get("access_token")
            return super().admit(authorization or (f"Bearer {token}" if token else None), proof)

    return Obliging(**vars(real))


@fault("F-WEB-05-x3", "WEB-05.E2", Part.API_GUARD)
def a_bad_header_is_made_good_by_the_query(real: ApiGuard) -> ApiGuard:
    class Obliging(ApiGuard):
        def admit(self, authorization: str | None, proof: PresentedProof | None = None) -> Principal:
            try:
                return super().admit(authorization, proof)
            except Unauthorized:
                if authorization is None or "access_token" not in request.args:
                    raise
                return super().admit(f"Bearer {request.args['access_token']}", proof)

    return Obliging(**vars(real))


@fault("F-WEB-05-x4", "WEB-05.E2", Part.API_GUARD)
def the_good_one_of_several_headers_counts(real: ApiGuard) -> ApiGuard:
    class Obliging(ApiGuard):
        def admit(self, authorization: str | None, proof: PresentedProof | None = None) -> Principal:
            refused: Unauthorized | None = None
            for each in (authorization or "").split(", "):
                try:
                    return super().admit(each, proof)
                except Unauthorized as error:
                    refused = error
            assert refused is not None
            raise refused

    return Obliging(**vars(real))


@fault("F-WEB-05-x5", "WEB-05.E4", Part.API_GUARD)
def the_scheme_is_compared_letter_by_letter(real: ApiGuard) -> ApiGuard:
    class Literal(ApiGuard):
        def admit(self, authorization: str | None, proof: PresentedProof | None = None) -> Principal:
            if authorization and not authorization.startswith(("Bearer ", "DPoP ")):
                raise Unauthorized("no token of a known scheme was sent", error=None)
            return super().admit(authorization, proof)

    return Literal(**vars(real))
