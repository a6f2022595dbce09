import io
import struct
import zlib

import pytest
from PIL import Image

from footlights.core.errors import SettingsError
from footlights.hub import places as places_module
from footlights.hub.archive import Archive, Arrived
from footlights.hub.authority import Authority
from footlights.hub.database import Database
from footlights.hub.places import SIDE, Places, checked, remade
from footlights.hub.registry import Registry
from footlights.wire.fleet import Message


@pytest.fixture
def registry(database: Database, authority: Authority) -> Registry:
    registry = Registry(database, authority)
    registry.add("a")
    return registry


@pytest.fixture
def places(database: Database, registry: Registry) -> Places:
    return Places(database)


def place_of(registry: Registry) -> dict[str, object]:
    return dict(registry.devices()[0].place or {})


def picture(form: str = "PNG", size: tuple[int, int] = (40, 30), mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    Image.new(mode, size).save(out, form)
    return out.getvalue()


def test_a_device_stands_on_the_earth_and_on_a_plan(places: Places, registry: Registry) -> None:
    assert place_of(registry) == {}
    places.place("a", {"latitude": 48.2, "longitude": 16.4}, "ada")
    plan = places.add("  Hall ", picture())
    assert (plan.title, plan.width, plan.height) == ("Hall", 40, 30) and places.plans() == [plan]
    places.place("a", {"plan": plan.id, "x": 0.25, "y": 1}, "eve")
    assert place_of(registry) == {
        "latitude": 48.2, "longitude": 16.4, "by": "ada", "plan": plan.id, "x": 0.25, "y": 1.0,
    }  # fmt: skip
    places.remove(plan.id)
    assert place_of(registry) == {"latitude": 48.2, "longitude": 16.4, "by": "ada"} and places.plans() == []
    places.place("a", {}, "ada")
    assert place_of(registry) == {}
    for device, place in (("x", {}), ("a", {"plan": plan.id, "x": 0, "y": 0})):
        with pytest.raises(SettingsError, match="there is no"):
            places.place(device, place, "ada")
    with pytest.raises(SettingsError, match="there is no plan"):
        places.remove(plan.id)


def test_what_a_device_says_counts_until_a_user_says_something_else(
    database: Database, places: Places, registry: Registry
) -> None:
    archive, numbers = Archive(database), iter(range(1, 99))

    def say(place: object) -> None:
        number = next(numbers)
        message = Message("0" * 16, number, number - 1, 1.0, "reported", {"reported": {"place": place}})
        archive.take([Arrived("a", message, 1.0)])

    for nonsense in (None, [1], {"latitude": 91, "longitude": 0}, {"latitude": 1}, {"plan": 1, "x": 0, "y": 0}, {}):
        say(nonsense)
    assert place_of(registry) == {}
    say({"latitude": 1.0, "longitude": 2.0})
    say({"latitude": 3.0, "longitude": 4.0})
    assert place_of(registry) == {"latitude": 3.0, "longitude": 4.0, "by": "device"}
    places.place("a", {"latitude": 5.0, "longitude": 6.0}, "ada")
    say({"latitude": 7.0, "longitude": 8.0})
    assert place_of(registry)["latitude"] == 5.0


@pytest.mark.parametrize(
    "wrong",
    [
        {"latitude": 48.2}, {"x": 0.1, "y": 0.2}, {"latitude": "48", "longitude": 1},
        {"latitude": True, "longitude": 1},
        {"latitude": float("nan"), "longitude": 1}, {"latitude": 0, "longitude": 181}, {"plan": 1, "x": -0.1, "y": 0},
        {"plan": 1, "x": 0, "y": 1.1}, {"lat": 1},
    ],
)  # fmt: skip
def test_what_is_no_place(wrong: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        checked(wrong)


def test_a_plan_is_made_anew() -> None:
    content = picture("JPEG") + b"<script>alert(1)</script>"
    jpeg, *size = remade(content)
    assert size == [40, 30] and b"script" not in jpeg and jpeg.startswith(b"\xff\xd8")
    turned = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "maker"
    Image.new("RGB", (40, 30)).save(turned, "JPEG", exif=exif)
    jpeg, *size = remade(turned.getvalue())
    assert size == [30, 40] and b"maker" not in jpeg
    for mode in ("RGBA", "P", "L", "LA", "1", "I;16"):
        assert remade(picture(mode=mode))[1:] == (40, 30)
    white = Image.open(io.BytesIO(remade(picture(mode="RGBA"))[0])).getpixel((1, 1))
    assert isinstance(white, tuple) and min(white) > 250
    assert max(remade(picture(size=(3000, 1000)))[1:]) == SIDE


def bomb() -> bytes:
    """A PNG that says it has 50 000 x 50 000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 50_000, 50_000, 1, 0, 0, 0, 0)
    data = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "content",
    [b"", b"GIF89a", b"<svg/>", picture("GIF"), picture("BMP"), picture()[:60], bomb(), b"\x89PNG" + bytes(9 * 2**20)],
    ids=["nothing", "gif head", "svg", "gif", "bmp", "cut", "bomb", "large"],
)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_what_is_no_plan(content: bytes) -> None:
    with pytest.raises(SettingsError, match="a plan"):
        remade(content)


def test_there_are_so_many_plans_at_most(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places_module, "MOST_PLANS", 2)
    places.add("", picture())
    places.add("b", picture())
    with pytest.raises(SettingsError, match="remove one first"):
        places.add("c", picture())
    assert [plan.title for plan in places.plans()] == ["Plan", "b"]
