"""The reference's web client in a browser of this machine."""

from __future__ import annotations

import pytest

from harness.errors import NotHere
from harness.machine.chromium import find_chromium
from harness.observe import Recorder
from harness.targets.reference import ReferenceTarget
from harness.targets.reference_web import ReferenceWeb

# A question for the databases that never gets an answer, as Chromium leaves it where they are being cleared.
UNANSWERED = """
const real = IDBFactory.prototype.databases;
let hangs = true;
IDBFactory.prototype.databases = function () {
  if (!hangs || document.querySelector("h1")?.textContent !== "Signed out") return real.call(this);
  hangs = false;
  return new Promise(() => {});
};
"""


def test_a_sign_out_leads_on_though_the_browser_never_says_which_databases_it_has(
    reference: ReferenceTarget, recorder: Recorder
) -> None:
    try:
        find_chromium()
    except NotHere as missing:
        pytest.skip(str(missing))
    web = ReferenceWeb(reference, "dev", "chromium", recorder)
    try:
        web.agent.context.add_init_script(UNANSWERED)
        assert web.log_in("login").signed_in
        signed_out = web.log_out("logout")
        assert (signed_out.signed_in, "signed out" in signed_out.text) == (False, True)
    finally:
        web.close()
