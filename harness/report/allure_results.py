"""Allure results of a run: Gherkin steps, control labels, severity, a label per cell; redacted before writing."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from uuid import uuid4

import allure
import allure_commons
from allure_commons.logger import AllureFileLogger
from allure_commons.types import AttachmentType
from allure_pytest.listener import AllureListener
from attr import asdict

from harness.model import Catalog, Finding, Severity, Verdict
from harness.observations import to_json
from harness.observe import Redacts
from harness.report.symptoms import LISTED, listed
from harness.scene import Scene

__all__ = ["AllureResults"]

SEVERITY = {Severity.HIGH: "critical", Severity.MEDIUM: "normal", Severity.LOW: "minor"}
SHOWN = ("os", "stage", "browser", "store", "example")  # parameters that a reader understands
ATTACHED_BODY = 4_000  # characters of a body shown in a report; the evidence has it whole


class _RedactingLogger(AllureFileLogger):
    """Writes results after every string in them passed the redactor."""

    def __init__(self, folder: Path, redactor: Redacts, attachments: Redacts) -> None:
        super().__init__(str(folder))
        self._redactor, self._attachments = redactor, attachments

    @allure_commons.hookimpl
    def report_container(self, container: Any) -> None:
        """Set-up and tear-down are pytest's fixtures: the scenario's own steps say what was done."""

    @allure_commons.hookimpl
    def report_result(self, result: Any) -> None:
        result.parameters = [parameter for parameter in result.parameters if parameter.name in SHOWN]
        self._report_item(result)

    def _report_item(self, item: Any) -> None:
        path = self._report_dir / item.file_pattern.format(prefix=uuid4())
        data = asdict(item, filter=lambda _, value: value or value is False)
        path.write_text(self._redactor.text(json.dumps(data, ensure_ascii=False, default=str)), "utf-8")

    @allure_commons.hookimpl
    def report_attached_data(self, body: str | bytes, file_name: str) -> None:
        text = body if isinstance(body, str) else body.decode("utf-8", "replace")
        (self._report_dir / file_name).write_text(self._attachments.text(text), "utf-8")


class AllureResults:
    """Listens to a run and writes `folder`. Also the pytest plugin that ties Allure's listener to the session."""

    def __init__(self, folder: Path, catalog: Catalog, redactor: Redacts, attachments: Redacts) -> None:
        self.folder, self.catalog, self.redactor, self.attachments = folder, catalog, redactor, attachments
        self._step: AbstractContextManager[Any] | None = None
        self._confirmation: AbstractContextManager[Any] | None = None  # around the steps of a second trial

    def pytest_configure(self, config: Any) -> None:
        """Register Allure's own listener with a logger that redacts."""
        listener, logger = AllureListener(config), _RedactingLogger(self.folder, self.redactor, self.attachments)
        config.pluginmanager.register(listener, "allure_listener")
        for plugin in (listener, logger):
            allure_commons.plugin_manager.register(plugin)
            config.add_cleanup(lambda plugin=plugin: allure_commons.plugin_manager.unregister(plugin))

    def scenario_started(self, scene: Scene, feature: Any, scenario: Any) -> None:
        controls = sorted({expectation.rpartition(".")[0] for expectation in scene.expectations})
        worst = min((self.catalog.controls[id].severity for id in controls), key=list(Severity).index)
        allure.dynamic.title(scenario.name)
        allure.dynamic.epic(scene.cell.target)
        allure.dynamic.feature(feature.name)
        allure.dynamic.story(scenario.name)
        allure.dynamic.severity(SEVERITY[worst])
        allure.dynamic.label("cell", scene.cell.id)
        for id in controls:
            allure.dynamic.label("control", id)
            allure.dynamic.tag(id)
        for axis in ("os", "stage", "browser", "store"):
            allure.dynamic.parameter(axis, getattr(scene.cell, axis))
        if "]@" in scene.id:  # an outline's example, which tells its results apart
            allure.dynamic.parameter("example", scene.id.partition(" [")[2].partition("]@")[0])
        allure.dynamic.description(self._describe(controls))

    def step_started(self, scene: Scene, step: Any) -> None:
        if scene.recorder.trial > 1 and self._confirmation is None:
            self._confirmation = allure.step(f"Confirmation with {scene.target.client_of_trial(scene.recorder.trial)}")
            self._confirmation.__enter__()
        self._step = allure.step(f"{step.keyword.strip()} {step.name}")
        self._step.__enter__()
        if step.datatable:
            rows = [",".join(cell.value for cell in row.cells) for row in step.datatable.rows]
            allure.attach("\n".join(rows), "data table", AttachmentType.CSV)

    def step_finished(self, scene: Scene, step: Any, finding: Finding | None, error: BaseException | None) -> None:
        if finding is not None:
            told = "\n".join([finding.reason, *_symptoms(finding)])
            allure.attach(told, f"{finding.expectation}: {finding.verdict}", AttachmentType.TEXT)
            if expected := next((w for w in scene.target.expected_failures if w.covers(finding)), None):
                until = f"until {expected.expires}: {expected.reason}"
                allure.attach(until, "the target's description expects a failure", AttachmentType.TEXT)
            if finding.verdict is Verdict.FAILED:
                error = AssertionError(finding.reason)
            elif finding.verdict is not Verdict.PASSED:
                error = RuntimeError(finding.reason)
        if self._step is not None:
            self._step.__exit__(type(error) if error else None, error, None)
            self._step = None

    def scenario_finished(self, scene: Scene, error: BaseException | None) -> None:
        if self._confirmation is not None:
            failed = any(finding.verdict is Verdict.FAILED for finding in scene.findings.values())
            again = AssertionError("it failed again") if failed else error
            self._confirmation.__exit__(type(again) if again else None, again, None)
            self._confirmation = None
        lines = [json.dumps(_shortened(to_json(o)), ensure_ascii=False, indent=1) for o in scene.recorder.seen]
        allure.attach("\n".join(lines), f"{len(lines)} observations", AttachmentType.TEXT)

    def _describe(self, controls: Iterable[str]) -> str:
        return "\n\n".join(
            f"**{id} {self.catalog.controls[id].title}.** {self.catalog.controls[id].requirement}" for id in controls
        )


def _symptoms(finding: Finding) -> list[str]:
    """All that is wrong, with the numbers of the observations that show each."""
    shown = [", ".join(f"#{id.rpartition('#')[2]}" for id in symptom.shown_by) for symptom in finding.symptoms[:LISTED]]
    by = [f" ({numbers})" if numbers else "" for numbers in shown] + [""]
    return [f"{number}. {text}{by[number - 1]}" for number, text in enumerate(listed(finding), 1)]


def _shortened(data: dict[str, Any]) -> dict[str, Any]:
    return {k: v[:ATTACHED_BODY] + "…" if isinstance(v, str) and len(v) > ATTACHED_BODY else v for k, v in data.items()}
