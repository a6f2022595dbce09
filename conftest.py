"""Where everything is installed, `FOOTLIGHTS_NO_SKIP=1` turns every skip into a failure, and Hypothesis tries the same
examples each time: no chance decides whether a change may land. Elsewhere it looks for new ones.
"""

import os
from collections.abc import Generator

import pytest
from hypothesis import settings

settings.register_profile("settled", derandomize=True)
if os.environ.get("FOOTLIGHTS_NO_SKIP") == "1":
    settings.load_profile("settled")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure where that is asked for."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("FOOTLIGHTS_NO_SKIP") == "1":
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be skipped: {report.longrepr}"
    return report
