"""What an application of old leaves of its local storage."""

from __future__ import annotations

import json
from pathlib import Path

from harness.probes.local_storage import EXPORT, LEVELDB, crc32c, leave_profile
from harness.scan import SecretScanner
from harness.secret_forms import Secret


def test_the_export_holds_the_texts_and_the_log_also_what_they_have_overwritten(tmp_path: Path) -> None:
    leave_profile(tmp_path, {"auth": "the-newest-token", "theme": "dark"}, {"auth": "the-token-before-it"})
    assert json.loads((tmp_path / EXPORT).read_text()) == {"auth": "the-newest-token", "theme": "dark"}
    log = (tmp_path / LEVELDB / "000003.log").read_bytes()
    assert log.index(b"the-token-before-it") < log.index(b"the-newest-token")
    scanner = SecretScanner([Secret(b"the-token-before-it", "refresh_token", "{{refresh_token:0000000000000000:19}}")])
    assert scanner.scan_bytes("log", log)


def test_the_log_is_leveldbs(tmp_path: Path) -> None:
    """Records of length, type, and checksum: CRC-32C of type and data, masked (log_format.md, crc32c.h)."""
    leave_profile(tmp_path, {"k": "v"}, {})
    log, records = (tmp_path / LEVELDB / "000003.log").read_bytes(), []
    while log:
        length = int.from_bytes(log[4:6], "little")
        records.append((log[:4], log[6], log[7 : 7 + length]))
        log = log[7 + length :]
    assert [kind for _, kind, _ in records] == [1, 1]
    assert records[1][2].startswith((1).to_bytes(8, "little") + (1).to_bytes(4, "little") + b"\x01")
    assert records[1][2].endswith(b"\x02\x01v")


def test_the_checksum_is_crc_32c() -> None:
    assert crc32c(b"123456789") == 0xE3069283  # RFC 3720 §B.4 uses the same polynomial
