"""What others can get of a keyring's files: another user of the machine, and another machine."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from harness.errors import NotHere
from harness.observations import AccessAttempt
from harness.probes.second_user import can_be_another, read_as_another
from harness.scan import SecretScanner
from harness.secret_forms import Secret

if TYPE_CHECKING:
    from harness.probes.own_keyring import OwnKeyring  # which is of Linux

__all__ = ["attempt_as_user", "attempt_on_machine"]

FILES, OPENED = "the client's files", "the keyring opened there"


def attempt_as_user(case: str, about: Mapping[str, str], folder: Path, secrets: Iterable[Secret]) -> AccessAttempt:
    """`folder` holds all files of the client, its keyring's among them."""
    if not can_be_another():
        why = "only root can start a process of another user"
        return AccessAttempt(case=case, about=about, who="second user", tried=(), error=why)
    got = read_as_another({"client": folder})
    obtained = (FILES,) if SecretScanner(secrets).scan_bytes("read", got.read) else ()
    return AccessAttempt(case=case, about=about, who="second user", tried=(FILES,), obtained=obtained, able=got.able)


def attempt_on_machine(
    case: str,
    about: Mapping[str, str],
    keyring: OwnKeyring,
    secrets: Iterable[Secret],
    within: Path,
) -> AccessAttempt:
    """With a copy of the keyring's files, on a machine whose user has another password."""
    scanner = SecretScanner(secrets)
    with TemporaryDirectory(dir=within, prefix="machine-", ignore_cleanup_errors=True) as name:
        place = Path(name)
        own = {**keyring.environment, "XDG_DATA_HOME": str(place / "data"), "XDG_RUNTIME_DIR": str(place / "runtime")}
        (place / "runtime").mkdir(mode=0o700)
        shutil.copytree(keyring.files, place / "data" / "keyrings")
        clear = bool(scanner.scan_tree(place / "data" / "keyrings", "copy").hits)
        opened = bool(scanner.scan_bytes("contents", _contents(place, own)))
    obtained = [how for how, did in ((OPENED, opened), (FILES, clear)) if did]
    return AccessAttempt(
        case=case, about=about, who="second machine", tried=(OPENED, FILES), obtained=tuple(obtained), able=True
    )


def _contents(place: Path, environment: Mapping[str, str]) -> bytes:
    """All that a keyring gives away that was started with files of another one."""
    import secretstorage  # only where there is a Secret Service
    from jeepney.io.blocking import open_dbus_connection

    from harness.probes.own_keyring import OwnKeyring

    try:
        keyring = OwnKeyring(place / "bus", environment)
    except NotHere:
        return b""  # a keyring that does not even start with these files gives nothing away
    found = list[bytes]()
    try:
        with closing(open_dbus_connection(bus=keyring.address)) as connection:
            for collection in secretstorage.get_all_collections(connection):
                for item in collection.get_all_items():
                    if not item.is_locked():
                        found.append(item.get_secret())
    finally:
        keyring.stop()
    return b"\n".join(found)
