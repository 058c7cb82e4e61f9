from __future__ import annotations

import requests
import responses

from harness.observations import HttpExchange, Observation
from harness.observe import Recorder
from harness.probes.http import HttpProbe
from harness.probes.lost import losing_answers
from harness.probes.requests_client import RequestsClient

URL = "https://auth.example/token"


def test_the_request_arrives_and_its_answer_does_not(recorder: Recorder, kept: list[Observation]) -> None:
    agent = HttpProbe(RequestsClient(requests.Session()), recorder)
    with responses.RequestsMock() as mock:
        mock.post(URL, json={"access_token": "never seen"})
        with losing_answers(agent):
            answer = agent.post("lost", URL, {"a": "b"})
        assert len(mock.calls) == 1
    assert (answer.status, answer.text) == (0, "")
    (seen,) = kept
    assert isinstance(seen, HttpExchange)
    assert seen.status is None
    assert "after the request was sent" in seen.error


def test_afterwards_answers_are_heard_again(recorder: Recorder) -> None:
    agent = HttpProbe(RequestsClient(requests.Session()), recorder)
    with responses.RequestsMock() as mock:
        mock.post(URL, json={})
        with losing_answers(agent):
            agent.post("lost", URL)
        assert agent.post("heard", URL).status == 200
