"""The audit: a bundle holds, and no change of it, however small, does."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.errors import EvidenceError, UsageError
from harness.evidence.audit import audit, report_json
from harness.evidence.canonical import canonical, canonical_line, parse
from harness.evidence.journal import Entry
from harness.evidence.seal import seal
from harness.model import Judgement, Symptom, Verdict
from tests.harness.evidence.small_bundle import CHECK, CHECKS, PREDICATE, Sealed, digest, judge, write_run

MakeKey = Callable[[str], tuple[Path, Path]]


def test_a_bundle_as_it_was_sealed_holds(sealed: Sealed) -> None:
    report = sealed.audit()
    assert report.breaches == ()
    assert report.notes == ()
    assert report.holds
    assert len(report.signer) == 64
    assert report_json(report)["holds"] is True


def test_a_zip_of_a_bundle_holds(sealed: Sealed) -> None:
    assert sealed.zipped().audit().breaches == ()


def test_a_zip_of_the_folder_itself_holds(sealed: Sealed, tmp_path: Path) -> None:
    path = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", sealed.folder.parent, sealed.folder.name))
    assert replace(sealed, folder=path).audit().breaches == ()


def test_an_empty_folder_in_a_zip_is_named(sealed: Sealed) -> None:
    archive = sealed.zipped()
    with zipfile.ZipFile(archive.folder, "a") as file:
        file.mkdir("empty")
    assert {breach.place for breach in archive.audit().breaches} == {"empty/"}


def test_after_changing_any_one_byte_of_any_file_it_does_not_hold(sealed: Sealed) -> None:
    for file in sorted(file for file in sealed.folder.rglob("*") if file.is_file()):
        name = file.relative_to(sealed.folder).as_posix()
        whole = file.read_bytes()
        places = {*range(0, len(whole), max(1, len(whole) // 10)), len(whole) - 1}  # all of them take minutes
        for place in places:
            file.write_bytes(whole[:place] + bytes((whole[place] ^ 1,)) + whole[place + 1 :])
            files = {breach.place.split(":")[0] for breach in sealed.audit().breaches}
            assert files & {name, "statement.dsse.json"}, place
        file.write_bytes(whole)
    assert sealed.audit().holds


def test_after_deleting_any_file_it_does_not_hold_and_names_it(sealed: Sealed) -> None:
    for file in [file for file in sealed.folder.rglob("*") if file.is_file()]:
        whole = file.read_bytes()
        file.unlink()
        assert file.relative_to(sealed.folder).as_posix() in {breach.place for breach in sealed.audit().breaches}
        file.write_bytes(whole)


@pytest.mark.parametrize("file", ["journal.jsonl", "observations.jsonl", "findings.jsonl"])
class TestLines:
    """Lines changed by a forger who then seals again with a key that the auditor trusts by mistake."""

    def reseal(self, sealed: Sealed, tmp_path: Path) -> set[str]:
        predicate = parse((sealed.folder / "statement.json").read_bytes())["predicate"]
        seal(sealed.folder, predicate, tmp_path / "signer.pem")
        return {breach.place for breach in sealed.audit().breaches}

    def test_a_dropped_line_is_named(self, sealed: Sealed, tmp_path: Path, file: str) -> None:
        lines = (sealed.folder / file).read_bytes().splitlines(keepends=True)
        for number in range(len(lines)):
            (sealed.folder / file).write_bytes(b"".join(lines[:number] + lines[number + 1 :]))
            places = self.reseal(sealed, tmp_path)
            if file == "journal.jsonl" and number == len(lines) - 1:
                assert any("did not reach its end" in note for note in sealed.audit().notes)
                continue  # a run that was cut off may be sealed: its findings and a note say so
            assert any(place.split(":")[0] == file for place in places), number

    def test_a_line_twice_is_named_with_its_number(self, sealed: Sealed, tmp_path: Path, file: str) -> None:
        lines = (sealed.folder / file).read_bytes().splitlines(keepends=True)
        (sealed.folder / file).write_bytes(b"".join([*lines[:2], lines[1], *lines[2:]]))
        assert f"{file}:3" in self.reseal(sealed, tmp_path)

    def test_an_edited_line_is_named_with_its_number(self, sealed: Sealed, tmp_path: Path, file: str) -> None:
        lines = (sealed.folder / file).read_bytes().splitlines(keepends=True)
        lines[1] = lines[1].replace(b"TOKEN-01", b"TOKEN-02", 1)
        (sealed.folder / file).write_bytes(b"".join(lines))
        assert f"{file}:2" in self.reseal(sealed, tmp_path)

    def test_swapped_lines_are_named(self, sealed: Sealed, tmp_path: Path, file: str) -> None:
        lines = (sealed.folder / file).read_bytes().splitlines(keepends=True)
        (sealed.folder / file).write_bytes(b"".join([lines[0], lines[2], lines[1], *lines[3:]]))
        assert f"{file}:2" in self.reseal(sealed, tmp_path)

    def test_a_line_that_is_no_json_is_named(self, sealed: Sealed, tmp_path: Path, file: str) -> None:
        lines = (sealed.folder / file).read_bytes().splitlines(keepends=True)
        for broken in (b"{\n", b"[" * 100_000 + b"\n", b"[]\n", b'{"a":NaN}\n', b'{"b":1,"a":2}\n', b"\xff\n", b"\n"):
            (sealed.folder / file).write_bytes(b"".join([*lines[:1], broken, *lines[2:]]))
            predicate = parse((sealed.folder / "statement.json").read_bytes())["predicate"]
            if file != "findings.jsonl":
                seal(sealed.folder, predicate, sealed.public_key.with_name("signer.pem"))
            assert f"{file}:2" in {breach.place for breach in sealed.audit().breaches}, broken[:20]


def test_a_finding_that_is_not_spelled_canonically_is_told_for_that_and_for_nothing_else(sealed: Sealed) -> None:
    file = sealed.folder / "findings.jsonl"
    first, *others = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([b" " + first, *others]))
    told = {breach.detail for breach in sealed.audit().breaches if breach.place == "findings.jsonl:1"}
    assert told == {"the line cannot be read: JSON that is not spelled canonically"}


class TestAForgerWhoMayRewriteEverything:
    """The chain is made anew, and signed by a key that is trusted: only judging again is left."""

    def rewrite(
        self,
        sealed: Sealed,
        change: Callable[[Entry], dict[str, object]],
        predicate: Mapping[str, object] = PREDICATE,
    ) -> set[tuple[str, str]]:
        """Undoes the joining of one worker, changes its data, and seals anew."""
        lines = [json.loads(line) for line in (sealed.folder / "journal.jsonl").read_bytes().splitlines()]
        prev, out = "0" * 64, b""
        for line in lines:
            entry = Entry(line["seq"], prev, line["at"], line["event"], line["data"])
            entry = Entry(line["seq"], prev, line["at"], line["event"], change(entry)).sealed()
            prev, out = entry.hash, out + entry.line()
        (sealed.folder / "journal.main.jsonl").write_bytes(out)
        shutil.move(sealed.folder / "observations.jsonl", sealed.folder / "observations.main.jsonl")
        for name in ("journal.jsonl", "findings.jsonl"):
            (sealed.folder / name).unlink()
        seal(sealed.folder, predicate, sealed.public_key.with_name("signer.pem"))
        return {(breach.kind, breach.place) for breach in sealed.audit().breaches}

    def test_rewriting_alone_changes_nothing(self, sealed: Sealed) -> None:
        assert self.rewrite(sealed, lambda entry: dict(entry.data)) == set()

    def test_a_failed_finding_turned_to_passed_is_named(self, sealed: Sealed) -> None:
        def change(entry: Entry) -> dict[str, object]:
            failed = entry.event == "finding" and entry.data["verdict"] == "failed"
            return {**entry.data, "verdict": "passed"} if failed else dict(entry.data)

        assert self.rewrite(sealed, change) == {("judgement", "findings.jsonl:2")}

    def test_symptoms_that_the_check_does_not_tell_are_named(self, sealed: Sealed) -> None:
        def change(entry: Entry) -> dict[str, object]:
            failed = entry.event == "finding" and entry.data["verdict"] == "failed"
            return {**entry.data, "symptoms": [{"text": "more", "shown_by": []}]} if failed else dict(entry.data)

        assert self.rewrite(sealed, change) == {("judgement", "findings.jsonl:2")}

    def test_a_passed_finding_without_a_check_is_named(self, sealed: Sealed) -> None:
        def change(entry: Entry) -> dict[str, object]:
            not_run = entry.event == "finding" and entry.data["verdict"] == "not_run"
            return {**entry.data, "verdict": "passed"} if not_run else dict(entry.data)

        assert self.rewrite(sealed, change) == {("judgement", "findings.jsonl:4")}

    def judged_by(self, check: str) -> Callable[[Entry], dict[str, object]]:
        def change(entry: Entry) -> dict[str, object]:
            failed = entry.event == "finding" and entry.data["verdict"] == "failed"
            return {**entry.data, "verdict": "passed", "check": check} if failed else dict(entry.data)

        return change

    def test_a_made_up_version_of_a_check_excuses_no_verdict(self, sealed: Sealed) -> None:
        breaches = self.rewrite(sealed, self.judged_by("check_status ffffffffffffffff"))
        assert breaches == {("check", "findings.jsonl:2"), ("judgement", "findings.jsonl:2")}

    def test_a_statement_that_names_no_checks_excuses_none_either(self, sealed: Sealed) -> None:
        breaches = self.rewrite(sealed, lambda entry: dict(entry.data), {})
        assert breaches == {("check", f"findings.jsonl:{line}") for line in (1, 2, 3)}

    def test_another_version_that_the_statement_names_too_is_counted_in_the_first_note(self, sealed: Sealed) -> None:
        other = "renamed_since ffffffffffffffff"
        predicate = {"digests": {"checks": {**CHECKS, "TOKEN-01.E2": other}}}
        assert self.rewrite(sealed, self.judged_by(other), predicate) == set()
        assert sealed.audit().notes[0] == "1 of 3 findings were judged by another version of their check"

    def test_a_failure_of_a_target_of_others_that_one_trial_saw_is_named(self, sealed: Sealed) -> None:
        foreign = {**PREDICATE, "foreign": ["reference"]}
        assert self.rewrite(sealed, lambda entry: dict(entry.data), foreign) == {("confirmation", "findings.jsonl:2")}
        others = {**PREDICATE, "foreign": ["openauth"]}
        assert self.rewrite(sealed, lambda entry: dict(entry.data), others) == set()

    def test_a_failure_of_a_target_of_others_that_two_trials_saw_holds(self, tmp_path: Path, sealed: Sealed) -> None:
        folder = tmp_path / "twice" / "bundle"
        write_run(folder, trials=2)
        seal(folder, {**PREDICATE, "foreign": ["reference"]}, sealed.public_key.with_name("signer.pem"))
        assert replace(sealed, folder=folder).audit().holds

    def test_a_finding_that_rests_on_less_is_judged_by_what_it_names(self, sealed: Sealed) -> None:
        def change(entry: Entry) -> dict[str, object]:
            return {**entry.data, "observations": []} if entry.event == "finding" else dict(entry.data)

        breaches = self.rewrite(sealed, change)
        assert ("judgement", "findings.jsonl:1") in breaches
        assert any(kind == "agreement" and place.startswith("journal.jsonl:") for kind, place in breaches)

    def test_a_finding_on_what_was_not_observed_is_named(self, sealed: Sealed) -> None:
        def change(entry: Entry) -> dict[str, object]:
            return {**entry.data, "observations": ["x#1"]} if entry.event == "finding" else dict(entry.data)

        assert ("finding", "findings.jsonl:1") in self.rewrite(sealed, change)

    def test_a_finding_out_of_the_plan_is_named(self, sealed: Sealed) -> None:
        def change(entry: Entry) -> dict[str, object]:
            return {**entry.data, "plan": []} if entry.event == "run-started" else dict(entry.data)

        assert ("plan", "findings.jsonl") in self.rewrite(sealed, change)

    def test_a_scenario_without_its_end_leaves_no_passed_finding(self, sealed: Sealed) -> None:
        def change(entry: Entry) -> dict[str, object]:
            return {"scenario": "another"} if entry.event == "scenario-finished" else dict(entry.data)

        self.rewrite(sealed, change)
        lines = (sealed.folder / "findings.jsonl").read_bytes().splitlines()
        verdicts = [json.loads(line)["verdict"] for line in lines]
        assert verdicts == ["not_run", "not_run", "not_run", "not_run", "passed"]  # the last is attested


class TestFiles:
    def test_a_file_more_is_named(self, sealed: Sealed) -> None:
        (sealed.folder / "blobs" / "more").write_text("x")
        assert "blobs/more" in {breach.place for breach in sealed.audit().breaches}

    def test_a_link_in_place_of_a_file_is_named(self, sealed: Sealed, tmp_path: Path) -> None:
        shutil.move(sealed.folder / "controls.json", tmp_path / "controls.json")
        (sealed.folder / "controls.json").symlink_to(tmp_path / "controls.json")
        assert "controls.json" in {breach.place for breach in sealed.audit().breaches}

    def test_a_link_to_a_folder_and_an_empty_folder_are_named(self, sealed: Sealed, tmp_path: Path) -> None:
        (sealed.folder / "link").symlink_to(tmp_path)
        (sealed.folder / "empty").mkdir()
        assert {"link", "empty/"} <= {breach.place for breach in sealed.audit().breaches}

    def test_a_secret_in_any_file_is_named_with_its_line_and_not_told(self, sealed: Sealed) -> None:
        secret = "2YotnFZFEjr1zCsicMWpAA"
        (sealed.folder / "allure-results" / "a-result.json").write_text(f'{{}}\n{{"access_token": "{secret}"}}')
        (breach,) = [breach for breach in sealed.audit().breaches if breach.kind == "secret"]
        assert breach.place == "allure-results/a-result.json:2"
        assert secret not in breach.detail

    def test_what_cannot_be_searched_for_secrets_is_named(self, sealed: Sealed) -> None:
        (sealed.folder / "allure-results" / "trace.zip").write_bytes(b"PK\x03\x04 broken")
        seal(sealed.folder, PREDICATE, sealed.public_key.with_name("signer.pem"))
        assert ("secret", "allure-results/trace.zip") in {(b.kind, b.place) for b in sealed.audit().breaches}

    def test_every_breach_is_named_the_first_file_first(self, sealed: Sealed) -> None:
        for name in ("controls.json", "kill-matrix.json", "journal.jsonl"):
            (sealed.folder / name).unlink()
        (sealed.folder / "added").touch()
        places = [breach.place for breach in sealed.audit().breaches]
        assert {"added", "controls.json", "kill-matrix.json", "journal.jsonl"} <= set(places)
        assert places.index("added") < places.index("controls.json") < places.index("journal.jsonl")

    def test_what_is_no_bundle_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("x")
        for path in (tmp_path, tmp_path / "file", tmp_path / "nothing"):
            with pytest.raises(EvidenceError, match="no bundle"):
                audit(path, None, judge, digest)

    def test_what_was_not_sealed_is_refused_and_says_so(self, tmp_path: Path) -> None:
        write_run(tmp_path / "bundle")
        with pytest.raises(EvidenceError, match="not sealed yet"):
            audit(tmp_path / "bundle", None, judge, digest)


class TestTheSigner:
    def test_another_key_is_a_breach(self, sealed: Sealed, make_key: MakeKey) -> None:
        report = sealed.audit(make_key("other")[1])
        assert [breach.kind for breach in report.breaches] == ["signature"]
        assert report.signer == "unverified"

    def test_with_the_fresh_key_beside_the_bundle_it_holds_but_who_signed_is_unverified(self, sealed: Sealed) -> None:
        seal(sealed.folder, PREDICATE)
        report = audit(sealed.folder, None, judge, digest)
        assert report.holds
        assert report.signer == "unverified"
        assert "who signed is not known" in report.notes[0]

    def test_a_zip_beside_the_fresh_key_holds_too(self, sealed: Sealed) -> None:
        seal(sealed.folder, PREDICATE)
        assert "bundle.pub" in audit(sealed.zipped().folder, None, judge, digest).notes[0]

    def test_signed_by_another_than_the_key_beside_the_bundle_is_a_breach(
        self, sealed: Sealed, make_key: MakeKey
    ) -> None:
        seal(sealed.folder, PREDICATE)
        beside = sealed.folder.with_name("bundle.pub").read_bytes()
        seal(sealed.folder, PREDICATE, make_key("other")[0])
        sealed.folder.with_name("bundle.pub").write_bytes(beside)
        assert [breach.kind for breach in audit(sealed.folder, None, judge, digest).breaches] == ["signature"]

    def test_without_any_key_the_audit_says_that_no_signature_was_checked(self, sealed: Sealed) -> None:
        report = audit(sealed.folder, None, judge, digest)
        assert report.holds
        assert "the signature was not checked" in report.notes[0]

    def test_a_key_that_is_none_is_a_mistake_of_the_caller(self, sealed: Sealed, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="no public key"):
            sealed.audit(tmp_path / "nothing")

    @pytest.mark.parametrize(
        "envelope", [b"{}", b"[]", b'{"payload":1}', b'{"payload":"","payloadType":"","signatures":[]}']
    )
    def test_a_broken_envelope_is_a_breach(self, sealed: Sealed, envelope: bytes) -> None:
        (sealed.folder / "statement.dsse.json").write_bytes(envelope)
        assert "statement.dsse.json" in {breach.place for breach in sealed.audit().breaches}


class TestAnotherVersionOfACheck:
    def stricter(self, *_: object) -> Judgement:
        return Judgement(Verdict.FAILED, "judged anew")

    def test_a_difference_is_a_note(self, sealed: Sealed) -> None:
        report = audit(sealed.folder, sealed.public_key, self.stricter, lambda _: "check_status fedcba9876543210")
        assert report.holds
        assert report.notes[0] == "3 of 3 findings were judged by another version of their check"
        assert any("another version of the check" in note for note in report.notes)

    def with_symptoms(self, *asked: Any) -> Judgement:
        judgement = judge(*asked)
        failed = judgement.verdict is Verdict.FAILED
        return replace(judgement, symptoms=(Symptom("a part of it"),)) if failed else judgement

    def test_an_older_version_that_told_no_symptoms_differs_in_nothing(self, sealed: Sealed) -> None:
        report = audit(sealed.folder, sealed.public_key, self.with_symptoms, lambda _: "check_status fedcba9876543210")
        assert report.holds
        assert list(report.notes) == ["3 of 3 findings were judged by another version of their check"]

    def test_symptoms_that_were_taken_away_are_a_breach(self, sealed: Sealed) -> None:
        report = audit(sealed.folder, sealed.public_key, self.with_symptoms, lambda _: CHECK)
        assert [breach.kind for breach in report.breaches] == ["judgement"]

    def test_with_the_same_version_it_is_a_breach(self, sealed: Sealed) -> None:
        report = audit(sealed.folder, sealed.public_key, self.stricter, lambda _: CHECK)
        assert {breach.kind for breach in report.breaches} == {"judgement"}


def with_header(sealed: Sealed, field: int, value: int) -> Sealed:
    """The bundle as a zip in which the header of controls.json says so, in the directory and before the file itself."""
    archive = sealed.zipped()
    data = bytearray(archive.folder.read_bytes())
    name = b"controls.json"
    data[data.rfind(name) - 46 + field] = value
    data[data.find(name) - 30 + field - 2] = value
    archive.folder.write_bytes(data)
    return archive


class TestAHostileBundle:
    def test_names_that_lead_outside_are_refused(self, sealed: Sealed) -> None:
        archive = sealed.zipped()
        with zipfile.ZipFile(archive.folder, "a") as file:
            file.writestr("../outside", "x")
            file.writestr("/absolute", "x")
            link = zipfile.ZipInfo("link")
            link.external_attr = 0o120777 << 16
            file.writestr(link, "/etc/passwd")
        assert {"../outside", "/absolute", "link"} <= {breach.place for breach in archive.audit().breaches}

    def test_a_second_file_of_the_same_name_is_named(self, sealed: Sealed) -> None:
        archive = sealed.zipped()
        with zipfile.ZipFile(archive.folder, "a") as file, pytest.warns(UserWarning, match="Duplicate"):
            file.writestr("controls.json", "{}")
        assert "controls.json" in {breach.place for breach in archive.audit().breaches}

    def test_a_bomb_ends_at_a_bound(self, sealed: Sealed, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("harness.evidence.files.LARGEST_FILE", 100_000)
        archive = sealed.zipped()
        with zipfile.ZipFile(archive.folder, "a", zipfile.ZIP_DEFLATED) as file:
            file.writestr("bomb", bytes(10**6))
        assert "bomb" in {breach.place for breach in archive.audit().breaches}

    @pytest.mark.parametrize(("field", "value", "told"), [(8, 0x01, "encrypted"), (10, 0x63, "compression")])
    def test_a_file_that_cannot_be_unpacked_is_named(self, sealed: Sealed, field: int, value: int, told: str) -> None:
        archive = with_header(sealed, field, value)
        breaches = [f"{breach.place} {breach.detail}" for breach in archive.audit().breaches]
        assert any("controls.json" in breach and told in breach for breach in breaches), breaches

    def test_an_archive_of_a_version_that_nobody_knows_is_no_bundle(self, sealed: Sealed) -> None:
        with pytest.raises(EvidenceError, match=r"the zip cannot be read: .*version"):
            with_header(sealed, 6, 0xFF).audit()

    def test_too_many_files_end_at_a_bound(self, sealed: Sealed, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("harness.evidence.files.MOST_FILES", 3)
        with pytest.raises(EvidenceError, match="too large"):
            sealed.audit()

    def test_what_a_terminal_would_obey_is_not_printed(self, sealed: Sealed) -> None:
        (sealed.folder / "a\x1b[2Jb").touch()
        assert "a\\u001b[2Jb" in {breach.place for breach in sealed.audit().breaches}

    @pytest.mark.parametrize(
        "statement",
        [
            {},
            {"subject": 1},
            {"subject": [1]},
            {"subject": [{"name": [], "digest": {"sha256": 1}}]},
            {"subject": [{"name": 1, "digest": {"sha256": 1}}]},
            {"subject": [], "predicate": []},
        ],
    )
    def test_a_statement_of_another_shape_is_a_breach(self, sealed: Sealed, statement: dict[str, object]) -> None:
        (sealed.folder / "statement.json").write_bytes(canonical(statement))
        assert "statement.json" in {breach.place for breach in sealed.audit().breaches}

    @pytest.mark.parametrize("data", [{"plan": 1}, {"plan": [1]}, {"plan": [{"x": 1}]}, {}])
    def test_a_plan_of_another_shape_is_a_breach(self, sealed: Sealed, data: dict[str, object]) -> None:
        entry = Entry(0, "0" * 64, "", "run-started", data).sealed()
        (sealed.folder / "journal.jsonl").write_bytes(entry.line())
        assert "journal.jsonl" in {breach.place for breach in sealed.audit().breaches}

    @pytest.mark.parametrize("data", [{}, {"expectation": 1}, {"observations": "x"}])
    def test_a_finding_of_another_shape_is_a_breach(self, sealed: Sealed, data: dict[str, object]) -> None:
        (sealed.folder / "findings.jsonl").write_bytes(canonical_line(data))
        assert "findings.jsonl:1" in {breach.place for breach in sealed.audit().breaches}
