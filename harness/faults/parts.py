"""Which controls each replaceable part serves: a fault in the part is tried against these.

The names are those of the reference's composition root (`reference_impl.parts.Part`), and of the harness's own parts
for faults of the target `self`.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["HARNESS_PARTS", "SERVES"]

SERVES: Mapping[str, tuple[str, ...]] = {
    "configuration source": ("STAGE-01", "STAGE-04", "TOKEN-13"),
    "tls": ("STAGE-04",),
    "client configuration": ("STAGE-09",),
    "settings guard": ("STAGE-09",),
    "startup report": ("STAGE-01",),
    "key ring": ("STAGE-06", "STAGE-04", "STAGE-07", "TOKEN-10"),
    "metadata": ("STAGE-04", "STAGE-05", "TOKEN-01", "TOKEN-04", "TOKEN-06"),
    "authorization endpoint": ("TOKEN-01", "TOKEN-03", "TOKEN-04", "EVENT-01"),
    "login flow": ("TOKEN-04", "TOKEN-01", "TOKEN-03", "TOKEN-06"),
    "oauth server": ("TOKEN-04", "TOKEN-02", "TOKEN-12"),
    "client registry": ("STAGE-10", "TOKEN-01", "TOKEN-03"),
    "identity provider": ("EVENT-01",),
    "code store": ("TOKEN-02", "TOKEN-08", "STAGE-07"),
    "token store": ("TOKEN-08", "TOKEN-09", "TOKEN-10", "TOKEN-11", "TOKEN-12", "TOKEN-13", "STAGE-07", "EVENT-03"),
    "token endpoint": (
        "TOKEN-02",
        "TOKEN-08",
        "TOKEN-09",
        "TOKEN-10",
        "TOKEN-12",
        "TOKEN-13",
        "STAGE-05",
        "STAGE-07",
        "EVENT-01",
        "EVENT-03",
    ),
    "revocation": ("TOKEN-08", "TOKEN-10", "TOKEN-19", "EVENT-03"),
    "accounts": ("EVENT-07", "TOKEN-21"),
    "correlation": ("EVENT-05",),
    "audit log": ("EVENT-05",),
    "event consumer": ("EVENT-04", "EVENT-08", "EVENT-13"),
    "event rule": ("EVENT-13",),
    "burst alarm": ("EVENT-12",),
    "event builder": ("EVENT-04",),
    "outbox": ("EVENT-08",),
    "publisher": ("EVENT-10", "EVENT-01"),
    "refresh keys": ("OPS-02",),
    "operations": ("OPS-03",),
    "operations log": ("OPS-03",),
    "rotation policy": ("OPS-02",),
    "api keys": ("STAGE-07",),
    "api proofs": ("TOKEN-22",),
    "token proofs": ("TOKEN-22",),
    "access tokens": ("TOKEN-14", "TOKEN-17"),
    "api guard": ("STAGE-07", "TOKEN-10"),
    "realtime": ("TOKEN-19",),
    "response headers": ("WEB-09",),
    "cookie policy": ("WEB-01", "WEB-02", "STAGE-07"),
    "web session": ("WEB-01", "WEB-02", "STAGE-07", "TOKEN-19"),
    "pages": ("WEB-02", "WEB-09", "STORE-08"),
    "logout": ("WEB-01", "TOKEN-19"),
    "crash protection": ("STORE-04",),
    "session reference": ("STORE-05",),
    "session policy": ("STORE-02",),
    "session store": ("STORE-01", "STORE-08", "STORE-09"),
    "store back end": ("STORE-01", "STORE-08", "STORE-09"),
    "store entries": ("STORE-11", "STORE-12"),
    "store lock": ("STORE-12",),
    "vault": ("STORE-13",),
    "token manager": ("TOKEN-09", "WEB-02"),
    "clock": ("TOKEN-05",),
    "sign-ins": ("TOKEN-05", "TOKEN-07"),
    "oauth client": ("TOKEN-05", "TOKEN-07", "TOKEN-09", "WEB-01", "TOKEN-06", "TOKEN-18"),
    "build packer": ("STAGE-03",),
    "configuration comparison": ("OPS-01",),
    "configuration document": ("OPS-01",),
    "audit": ("OPS-05",),
    "attachments": ("OPS-05",),
    "writer": ("OPS-05",),
}
HARNESS_PARTS = frozenset({"audit", "attachments", "writer", "configuration comparison", "configuration document"})
