"""What several phrases do with an access token: present it wherever the target takes one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from harness.errors import NotOffered, TargetError
from harness.ports import Issuer
from harness.probes.authorization import Grant
from harness.probes.forgery import Token, read
from harness.probes.http import Answer, HttpProbe
from harness.redact import TooMuchSecret
from harness.scene import Scene
from steps.token import issuer, log_in

__all__ = ["Presenter", "Way", "jwt_of", "presenter", "ways_of"]


@dataclass(frozen=True)
class Way:
    """A place that takes access tokens. `body` is JSON."""

    method: str
    url: str
    body: str = ""

    @property
    def name(self) -> str:
        """What tells it from the others."""
        return f"{self.method} {self.url}{' ' if self.body else ''}{self.body}"


@dataclass
class Presenter:
    """Presents tokens at all ways of one API, as one user agent. `grant`: a session of the user."""

    at: Issuer
    grant: Grant
    ways: tuple[Way, ...]
    agent: HttpProbe = field(repr=False)

    def present(self, case: str, token: str, ways: tuple[Way, ...] | None = None, **about: str) -> Answer:
        """Present the token at these ways, by default all; the answer of the last one."""
        headers = {"Authorization": f"Bearer {token}"}
        for way in self.ways if ways is None else ways:
            told: dict[str, Any] = {"role": "api", "way": way.name, **about}
            answer = self.agent.send(case, way.method, way.url, json=way.body, headers=headers, **told)
        return answer

    def forged(self, case: str, token: str, ways: tuple[Way, ...] | None = None, **about: str) -> Answer:
        """The same with a forged token, of which what can be told is told. Raises TargetError where the issuer's tokens
        are so long that one made of them could not be recorded."""
        try:
            self.at.observe_token(case, token, "forged_token")
        except TooMuchSecret as error:
            raise TargetError(f"{self.at.stage}: {case}: {error}") from error
        return self.present(case, token, ways, **about)

    @property
    def first(self) -> tuple[Way, ...]:
        """The way that stands for all, where each would be asked too much."""
        return self.ways[:1]


def presenter(scene: Scene) -> Presenter:
    """A user's session, and all ways at which its access token is taken. Raises NotOffered where there is none."""
    at = issuer(scene)
    ways = ways_of(at)
    if not ways:
        raise at.address.not_offered("api", f"no resource of {at.stage} that needs a token is described")
    return Presenter(at, log_in(scene, "the session"), ways, at.new_agent())


def ways_of(at: Issuer) -> tuple[Way, ...]:
    """The protected resource, the API's other routes, and userinfo, which takes access tokens too."""
    address, userinfo = at.address, at.metadata.get("userinfo_endpoint", "")
    gets = [address.protected, *(f"{address.api}{path}" for path in address.api_data), userinfo]
    found = [Way("GET", url) for url in dict.fromkeys(gets) if url]
    return (*found, *(Way(route.method, f"{address.api}{route.path}", route.body) for route in address.api_routes))


def jwt_of(presenter: Presenter) -> Token:
    """The access token, taken apart. Raises NotOffered where it is no JWT: then nobody but its issuer can read it, and
    there is nothing to forge."""
    token = read(presenter.grant.access_token)
    if token is None:
        told = "its access tokens are no JWTs"
        raise presenter.at.address.not_offered("jwt access token", told)
    return token


def not_reachable(host: str) -> NotOffered:
    """What to raise where a target on another machine could not come to a listener on this one."""
    return NotOffered("listener that the API could come to", f"{host!r} is no host of this machine")
