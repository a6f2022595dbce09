from footlights.agent.counts import Counts, free_memory
from footlights.core.event import Event
from footlights.engine.watch import StreamReport


def report(stream: str, state: str = "running") -> StreamReport:
    return StreamReport(stream, state, "", 10, 0, 12.5, None, None, 2, {}, 1.0, None, looks=7)


def count(stream: str, **counts: int) -> Event:
    return Event("count", stream, 1.0, None, {"counts": dict(counts)})


def test_counts_of_all_streams_that_run() -> None:
    counts = Counts()
    counts.classes = ("up", "down")
    for event in (count("a", up=3, down=1), count("b", up=2), count("gone", down=9), count("a", up=4, down=1)):
        counts.hear(event)
    told = counts.telemetry([report("a"), report("b"), report("gone", "failed")])
    assert (told["tlPrimaryDetectionCount"], told["tlSecondaryDetectionCount"]) == (6, 1)
    assert (told["tlPrimaryDetectionClass"], told["tlSecondaryDetectionClass"]) == ("up", "down")
    assert told["tlInference"] == 21 and told["tlInferenceRate"] == 37.5 and told["stPipelineState"] == "running"


def test_without_classes_the_most_frequent_are_meant() -> None:
    counts = Counts()
    counts.hear(count("a", car=2, person=5, dog=1))
    told = counts.telemetry([report("a")])
    assert (told["tlPrimaryDetectionClass"], told["tlSecondaryDetectionClass"]) == ("person", "car")


def test_nothing_runs() -> None:
    told = Counts().telemetry([])
    assert told["stPipelineState"] == "idle" and told["tlPrimaryDetectionCount"] == 0


def test_memory() -> None:
    assert free_memory() >= 0
