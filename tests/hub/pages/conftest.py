"""The running hub and the browser of `test_site`, for every test of pages."""

from tests.hub.pages.test_site import browser, hub, post, tab  # noqa: F401  (fixtures)
