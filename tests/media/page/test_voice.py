"""What the page says aloud, in a real browser."""

from typing import Any

from footlights.core.event import Event
from footlights.media.page.server import Page
from tests.media.page.stand_ins import scene, until

SPOKEN = """
window.spoken = []; window.rung = 0;
speechSynthesis.speak = (words) => window.spoken.push(words.text);
const real = AudioContext.prototype.createOscillator;
AudioContext.prototype.createOscillator = function () { window.rung += 1; return real.call(this); };
"""


def repetition(number: int, **data: Any) -> Event:
    return Event(
        "repetition", "cam", float(number), 1, {"exercise": "squat", "title": "Squat", "count": number, **data}
    )


def begun(page: Page, tab: Any) -> None:
    """The page is open, and older events have arrived long ago."""
    tab.add_init_script(SPOKEN)
    page.write(scene(events=(Event("exercise.begin", "cam", 0.0, 1, {"exercise": "squat", "title": "Squat"}),)))
    tab.goto(page.url)
    tab.locator("#events li", has_text="Squat").wait_for()
    tab.wait_for_timeout(1200)


def test_what_is_to_be_said_is_spoken_with_a_bell_until_it_is_muted(page: Page, tab: Any) -> None:
    begun(page, tab)
    assert tab.locator("#voice").is_hidden()
    page.write(scene(index=1, events=(repetition(10, say="10"),)))
    until(tab, "window.spoken.length === 1 && window.rung === 1")
    assert tab.evaluate("window.spoken") == ["10"]
    tab.get_by_role("button", name="Mute the voice").click()
    page.write(scene(index=2, events=(repetition(20, say="20"),)))
    tab.locator(".held", has_text="× 20").wait_for()
    assert tab.evaluate("window.spoken") == ["10"]
    tab.reload()
    tab.get_by_role("button", name="Let it speak").wait_for()


def test_repetitions_count_on_the_line_of_their_exercise(page: Page, tab: Any) -> None:
    begun(page, tab)
    page.write(scene(index=1, events=tuple(repetition(number) for number in range(1, 8))))
    tab.locator(".held", has_text="× 7").wait_for()
    assert tab.locator("#events li").count() == 1
    end = Event("exercise.end", "cam", 9.0, 1, {"exercise": "squat", "title": "Squat", "count": 7, "seconds": 9.0})
    page.write(scene(index=2, events=(end,)))
    tab.locator(".held", has_text="× 7 in 9.0 s").wait_for()
