"""Which stages a name tells, by a whole word: what is one stage's by its name is not configured for another."""

from __future__ import annotations

import re
from collections.abc import Iterable

from reference_impl.config.model import STAGES


def stages_of_host(host: str) -> set[str]:
    """Return the stages that a host's name tells by a whole label: auth.dev.shop.example, production.shop.example.

    What a company is called says nothing, so its domain, the last two labels, does not count (example.dev); of
    localhost (RFC 6761 §6.3) all that stands before it does.
    """
    labels = host.split(".")
    return _stages(labels[: -1 if labels[-1] == "localhost" else -2])


def stages_of_resource(name: str, app: str) -> set[str]:
    """Return the stages that a resource's name or ARN tells, in any case: shop-prod-AuthTable.

    What the app is called says nothing: dev-tools-prod-bus is production's bus of dev-tools.
    """
    rest = re.sub(rf"(?<![a-z0-9]){re.escape(app)}(?![a-z0-9])", "", name, count=1, flags=re.IGNORECASE)
    return _stages(re.split("[^a-z0-9]+", rest.lower()))


def stages_of_key(kid: str) -> set[str]:
    """Return the stage that a key's `kid` begins with (`rotation.operation.new_signing_jwk`); none for a key that was
    made elsewhere and called otherwise."""
    return _stages([kid.partition("-")[0]])


def _stages(words: Iterable[str]) -> set[str]:
    return {stage for word in words if (stage := "prod" if word == "production" else word) in STAGES}
