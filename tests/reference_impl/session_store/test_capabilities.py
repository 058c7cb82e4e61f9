from __future__ import annotations

import pytest

from reference_impl.session_store.acceptance import TRUSTED, refuse_name
from reference_impl.session_store.capabilities import CATALOG, capability, of_this_system
from reference_impl.session_store.keyring_back_end import KeyringBackEnd


@pytest.mark.parametrize("known", CATALOG, ids=lambda known: known.name)
def test_every_known_back_end_is_taken_or_refused_with_a_reason_as_the_catalog_says(known: object) -> None:
    from reference_impl.session_store.capabilities import Capability

    assert isinstance(known, Capability)
    if known.name.partition(".")[0] in ("keyring", "keyrings", "keyring_pass"):
        assert refuse_name(known.name) == known.refused
    assert known.accepted == (known.refused is None)
    assert known.properties or known.refused


def test_names_are_unique_and_every_system_has_a_store() -> None:
    assert len({known.name for known in CATALOG}) == len(CATALOG)
    for system in ("linux", "darwin", "win32"):
        assert {known.name for known in of_this_system(system)} <= set(TRUSTED)
        assert of_this_system(system)


def test_the_limit_of_the_credential_locker_is_that_of_windows() -> None:
    known = capability("keyring.backends.Windows.WinVaultKeyring")
    assert known is not None
    assert (known.limit.max_bytes, known.limit.encoding) == (2_560, "utf-16-le")
    opened = KeyringBackEnd(known.name, worker=None)  # type: ignore[arg-type]  # it is not called
    assert opened.limit == known.limit
