"""JSON merge patch (RFC 7396): what changes in a document, itself a document. `None` takes a member away."""

from collections.abc import Mapping
from typing import Any

Json = Any  # None, bool, int, float, str, list or dict of these


def apply(target: Json, patch: Json) -> Json:
    """The target with the patch applied (RFC 7396, section 2). Neither argument is changed.

    >>> apply({"a": 1, "b": {"c": 2}}, {"a": None, "b": {"d": 3}})
    {'b': {'c': 2, 'd': 3}}
    """
    if not isinstance(patch, Mapping):
        return patch
    patched = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            patched.pop(name, None)
        else:
            patched[name] = apply(patched.get(name), value)
    return patched


def difference(before: Mapping[str, Json], after: Mapping[str, Json]) -> dict[str, Json]:
    """The smallest patch that makes `after` of `before`. A merge patch cannot say that a member is null, so that
    neither document may have members that are `None`, see `without_nulls`.

    >>> difference({"a": 1, "b": {"c": 2}}, {"b": {"c": 2, "d": 3}})
    {'a': None, 'b': {'d': 3}}
    """
    patch: dict[str, Json] = {name: None for name in before if name not in after}
    for name, value in after.items():
        if name not in before:
            patch[name] = value
        elif isinstance(value, Mapping) and isinstance(before[name], Mapping):
            if inner := difference(before[name], value):
                patch[name] = inner
        elif not same(before[name], value):
            patch[name] = value
    return patch


def without_nulls(document: Json) -> Json:
    """The document without members that are `None`: in a merge patch these are the ones that are not there."""
    if isinstance(document, Mapping):
        return {name: without_nulls(value) for name, value in document.items() if value is not None}
    return document


def same(one: Json, other: Json) -> bool:
    """Equal as JSON: `true` is not `1`, at any depth, while 1 and 1.0 are one number."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(value, other[name]) for name, value in one.items())
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(same(left, right) for left, right in zip(one, other, strict=True))
    return bool(one == other)
