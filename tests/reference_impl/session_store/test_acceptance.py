from __future__ import annotations

from dataclasses import replace

import pytest

from reference_impl.session_store.acceptance import (
    SECRET_SERVICE,
    TRUSTED,
    WEAK,
    candidates,
    refuse_identity,
    refuse_name,
)
from reference_impl.session_store.keyring_back_end import Identity

SOUND = Identity(
    SECRET_SERVICE, (SECRET_SERVICE, "keyring.backend.KeyringBackend", "builtins.object"), 5, None, (), None
)


@pytest.mark.parametrize("name", [*WEAK, "keyrings.alt.Gnome.Keyring", "somebodys.Vault", ""])
def test_a_weak_or_unknown_name_is_refused_with_a_reason(name: str) -> None:
    assert refuse_name(name)


@pytest.mark.parametrize("name", TRUSTED)
def test_the_stores_of_the_operating_systems_are_accepted_by_name(name: str) -> None:
    assert refuse_name(name) is None


@pytest.mark.parametrize(
    ("defect", "reason"),
    [
        (
            {"lineage": ("my.Keyring", "keyrings.alt.file.PlaintextKeyring")},
            "built on keyrings.alt.file.PlaintextKeyring",
        ),
        ({"lineage": ("my.Keyring", "keyring.backends.null.Keyring")}, "built on keyring.backends.null.Keyring"),
        ({"members": (SECRET_SERVICE, "keyrings.alt.file.PlaintextKeyring")}, "chain of"),
        ({"file": "/home/alice/passwords"}, "file of its own"),
        ({"collection": "/org/freedesktop/secrets/collection/session"}, "discarded when its daemon ends"),
        ({"priority": 0.5}, "not recommend"),
        ({"priority": float("nan")}, "not recommend"),
    ],
)
def test_a_weak_property_is_refused_even_under_a_trusted_name(defect: dict[str, object], reason: str) -> None:
    assert reason in (refuse_identity(replace(SOUND, **defect)) or "")  # type: ignore[arg-type]  # fields by name


def test_a_sound_identity_is_accepted() -> None:
    assert refuse_identity(SOUND) is None


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_the_systems_own_candidates_are_all_trusted(platform: str) -> None:
    assert set(candidates(platform)) <= set(TRUSTED)
