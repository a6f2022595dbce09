import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footlights.wire.merge_patch import apply, difference, same, without_nulls

LEAVES = st.one_of(st.booleans(), st.integers(-5, 5), st.floats(-2, 2, allow_nan=False), st.text("abc", max_size=2))
DOCUMENTS = st.dictionaries(
    st.text("abcd", max_size=1),
    st.recursive(
        LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abcd", max_size=1), inner)
    ),
)

# The examples of RFC 7396, appendix A: target, patch, result.
EXAMPLES = [
    ('{"a":"b"}', '{"a":"c"}', '{"a":"c"}'),
    ('{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'),
    ('{"a":"b"}', '{"a":null}', "{}"),
    ('{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'),
    ('{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'),
    ('{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'),
    ('{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'),
    ('{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'),
    ('["a","b"]', '["c","d"]', '["c","d"]'),
    ('{"a":"b"}', '["c"]', '["c"]'),
    ('{"a":"foo"}', "null", "null"),
    ('{"a":"foo"}', '"bar"', '"bar"'),
    ('{"e":null}', '{"a":1}', '{"e":null,"a":1}'),
    ("[1,2]", '{"a":"b","c":null}', '{"a":"b"}'),
    ("{}", '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'),
]


@pytest.mark.parametrize(("target", "patch", "result"), EXAMPLES)
def test_the_examples_of_the_standard(target: str, patch: str, result: str) -> None:
    assert apply(json.loads(target), json.loads(patch)) == json.loads(result)


@given(DOCUMENTS, DOCUMENTS)
def test_the_difference_leads_from_one_document_to_the_other(before: dict, after: dict) -> None:
    assert same(apply(before, difference(before, after)), after)


@given(DOCUMENTS)
def test_nothing_differs_from_itself(document: dict) -> None:
    assert difference(document, json.loads(json.dumps(document))) == {}


@given(DOCUMENTS, DOCUMENTS)
def test_a_patch_that_was_applied_changes_nothing_more(target: dict, patch: dict) -> None:
    once = apply(target, patch)
    assert same(apply(once, patch), once)


@given(DOCUMENTS, DOCUMENTS)
def test_the_arguments_stay_as_they_were(target: dict, patch: dict) -> None:
    before = json.dumps([target, patch])
    apply(target, patch)
    difference(target, patch)
    assert json.dumps([target, patch]) == before


def test_true_is_not_one() -> None:
    assert difference({"a": 1}, {"a": True}) == {"a": True}
    assert difference({"a": [0]}, {"a": [False]}) == {"a": [False]}
    assert difference({"a": 1}, {"a": 1.0}) == {}


def test_members_that_are_null_are_those_that_are_not_there() -> None:
    assert without_nulls({"a": None, "b": {"c": None, "d": 0}, "e": [None]}) == {"b": {"d": 0}, "e": [None]}
