"""The system's browser, which also finds the player for a file."""

import threading

from footlights.core.errors import SinkError

_looking = threading.Lock()  # webbrowser.get() says "none" to a second thread while it looks for the first time


def open_in_browser(url: str) -> None:
    """Show this in the browser that the system (or the variable BROWSER) names, and return at once.

    Raises:
        SinkError: there is no browser, or it did not start.
    """
    import webbrowser

    try:
        with _looking:
            controller = webbrowser.get()
    except webbrowser.Error:
        raise SinkError(
            "no browser found: install one, set BROWSER, or use the page's own player with --play"
        ) from None
    if type(controller) is webbrowser.GenericBrowser:  # would wait until somebody closes the browser
        controller = webbrowser.BackgroundBrowser([controller.name, *controller.args])
    if not controller.open(url, new=2):
        raise SinkError(f"the browser '{getattr(controller, 'name', controller)}' did not open the address")
