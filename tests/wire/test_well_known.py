import pytest

from footlights.core.errors import SettingsError
from footlights.wire.document import Document
from footlights.wire.merge_patch import apply, without_nulls
from footlights.wire.settings import validate
from footlights.wire.well_known import INPUTS, as_patch, as_properties

PROPERTIES = {
    "wpDemoMode": False,
    "wpAIModelProvider": "CustomVision",
    "wpCustomVisionModelUrl": "https://example.com/cans.zip",
    "wpPrimaryDetectionClass": "Up",
    "wpSecondaryDetectionClass": "Down",
    "wpVideoStreamInput1": {"cameraId": "line-1", "videoStreamUrl": "rtsp://10.0.0.21/1"},
    "wpVideoStreamInput2": {"cameraId": "line-2", "videoStreamUrl": "rtsp://10.0.0.21/2"},
}


def changed(document: dict, properties: dict) -> dict:
    return without_nulls(apply(document, as_patch(properties, document)))


def test_the_old_properties_become_a_document_and_come_back() -> None:
    document = changed({}, PROPERTIES)
    assert document == {
        "app": "inspect",
        "settings": {"label": ["Up", "Down"], "model": "https://example.com/cans.zip"},
        "sources": [{"url": "rtsp://10.0.0.21/1", "name": "line-1"}, {"url": "rtsp://10.0.0.21/2", "name": "line-2"}],
    }
    validate(Document, document)
    assert as_properties(document) == PROPERTIES


def test_one_stream_changes_and_the_others_stay() -> None:
    document = changed({}, PROPERTIES)
    other = {"wpVideoStreamInput2": {"cameraId": "line-9", "videoStreamUrl": "rtsp://10.0.0.29/1"}}
    assert [source["name"] for source in changed(document, other)["sources"]] == ["line-1", "line-9"]
    gone = {"wpVideoStreamInput1": {"cameraId": "", "videoStreamUrl": ""}}
    assert [source["name"] for source in changed(document, gone)["sources"]] == ["line-2"]
    assert changed(document, {"wpSecondaryDetectionClass": "Broken"})["settings"]["label"] == ["Up", "Broken"]
    assert changed(document, {"wpSecondaryDetectionClass": ""})["settings"]["label"] == ["Up"]


def test_demo_mode_is_the_rehearsal_and_ends_with_the_first_camera() -> None:
    demo = changed({}, {"wpDemoMode": True})
    assert as_properties(demo)["wpDemoMode"] is True
    camera = {"wpDemoMode": False, INPUTS[0]: {"cameraId": "a", "videoStreamUrl": "rtsp://a/1"}}
    assert [source["name"] for source in changed(demo, camera)["sources"]] == ["a"]


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"wpDemoModus": True}, "did you mean 'wpDemoMode'"),
        ({"wpDemoMode": "yes"}, "true or false"),
        ({"wpPrimaryDetectionClass": 5}, "is text"),
        ({"wpAIModelProvider": "Other"}, "DeepStream"),
        ({"wpVideoStreamInput1": "rtsp://a"}, "cameraId"),
        ({"wpVideoStreamInput1": {"videoStreamUrl": 5}}, "is text"),
    ],
)
def test_what_cannot_be(properties: dict, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        as_patch(properties, {})
