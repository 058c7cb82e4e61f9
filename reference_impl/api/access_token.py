"""What an access token must be for this API to take it (RFC 9068 §4, RFC 8725 §3): a reader with one method a rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from reference_impl.api.challenge import Unauthorized
from reference_impl.api.issuer_keys import Jwks
from reference_impl.clock import Clock
from reference_impl.compact_jws import Malformed, protected_header

ALGORITHMS = ("ES256",)
TYPES = ("at+jwt", "application/at+jwt")  # RFC 9068 §4; media types know no case
LONGEST_LIFETIME = 3600.0  # seconds; RFC 6750 §5.3
LATEST = 1e12  # seconds of the epoch: beyond it, and with NaN, comparisons would not mean what they say

KeySource = Callable[[], Jwks]
Claims = Mapping[str, object]


@dataclass(frozen=True)
class AccessTokens:
    """Reads access tokens of one issuer for one API. Each rule raises Unauthorized."""

    issuer: str
    audience: str
    keys: KeySource
    clock: Clock
    leeway: float = 60.0  # seconds between the clocks of issuer and API
    refresh_keys: Callable[[], None] = lambda: None  # asks for keys that were published meanwhile

    def claims_of(self, token: str) -> Claims:
        """Return the claims of a token that is good here and now."""
        claims = self.read(token)
        self.check_issuer(claims)
        self.check_audience(claims)
        self.check_times(claims)
        return claims

    def read(self, token: str) -> Claims:
        """Return the claims of a token whose type, algorithm, key and signature hold."""
        try:
            header = protected_header(token)
            self.check_type(header)
            self.check_critical(header)
            key = self.find_key(header.get("kid"))
            return jwt.decode(token, key, algorithms=list(ALGORITHMS)).claims
        except (Malformed, JoseError, ValueError, RecursionError) as error:
            raise Unauthorized("it is malformed, or its signature does not hold") from error

    def check_type(self, header: Mapping[str, object]) -> None:
        """The token says that it is an access token: nothing else that the issuer signs does (RFC 8725 §3.11)."""
        if str(header.get("typ", "")).lower() not in TYPES:
            raise Unauthorized("it is no access token")

    def check_critical(self, header: Mapping[str, object]) -> None:
        """The token demands no extension: none is understood here (RFC 7515 §4.1.11)."""
        if "crit" in header:
            raise Unauthorized("it demands an extension that is not known here")

    def find_key(self, kid: object) -> ECKey:
        """Return the trusted key with this id; the token's other hints at keys are not looked at (RFC 8725 §3.10)."""
        found = self.known_key(kid)
        if found is None:
            self.refresh_keys()
            found = self.known_key(kid)
        if found is None:
            raise Unauthorized("its key is not known here")
        return found

    def known_key(self, kid: object) -> ECKey | None:
        """Return the key with this id from the key set as it is, if it is one for our algorithm (RFC 7517 §4)."""
        for jwk in self.keys()["keys"] if isinstance(kid, str) else ():
            usable = jwk.get("alg") in (None, *ALGORITHMS) and jwk.get("use") in (None, "sig")
            if usable and (jwk.get("kid"), jwk.get("kty")) == (kid, "EC"):
                return ECKey.import_key({name: value for name, value in jwk.items() if isinstance(value, str)})
        return None

    def check_issuer(self, claims: Claims) -> None:
        """The token is of this stage's issuer: string comparison (RFC 9068 §4)."""
        if claims.get("iss") != self.issuer:
            raise Unauthorized("it is of another issuer")

    def check_audience(self, claims: Claims) -> None:
        """The token is for this API: equality with one of its audiences (RFC 9068 §4, RFC 8725 §3.9)."""
        audience = claims.get("aud")
        if self.audience not in (audience if isinstance(audience, list) else [audience]):
            raise Unauthorized("it is for another audience")

    def check_times(self, claims: Claims) -> None:
        """The token is neither expired nor from the future, nor does it live longer than any should."""
        now = self.clock.now()
        issued, expires = number(claims, "iat"), number(claims, "exp")
        if now >= expires + self.leeway:
            raise Unauthorized("it has expired")
        if issued > now + self.leeway or number(claims, "nbf", issued) > now + self.leeway:
            raise Unauthorized("it is from the future")
        if expires > now + LONGEST_LIFETIME + self.leeway:
            raise Unauthorized("it lives too long")


def text(claims: Claims, name: str) -> str:
    """Return a claim that must be a string with something in it."""
    value = claims.get(name)
    if isinstance(value, str) and value:
        return value
    raise Unauthorized(f"its claim {name} is missing or no text")


def number(claims: Claims, name: str, default: float | None = None) -> float:
    """Return a claim that must be a number (RFC 7519 §2, NumericDate): JSON knows neither NaN nor infinity."""
    value = claims.get(name, default)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= LATEST:
        return value
    raise Unauthorized(f"its claim {name} is missing or no number")
