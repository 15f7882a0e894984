"""Where two documents differ."""

from tenuto.documents import diff


def said(before, after):
    return [str(change) for change in diff(before, after)]


def test_equal_documents_differ_nowhere():
    assert said({"a": [1, {"b": 2}]}, {"a": [1, {"b": 2}]}) == []


def test_changed_added_and_removed_paths():
    before = {"flow": "a", "nodes": {"x": {"use": "set"}, "y": {}}, "l": [1, 2]}
    after = {"flow": "a", "nodes": {"x": {"use": "if"}, "z": {}}, "l": [1, 3, 4]}

    assert said(before, after) == ["~ nodes.x.use", "- nodes.y", "+ nodes.z", "~ l[1]", "+ l[2]"]


def test_one_is_not_true():
    assert said({"a": 1}, {"a": True}) == ["~ a"]


def test_the_order_of_keys_is_no_difference_but_for_conditions():
    """SEMANTICS 16: the first case that is true wins."""
    before = {"nodes": {"s": {"use": "switch", "with": {"cases": {"a": True, "b": True}}}}}
    after = {"nodes": {"s": {"with": {"cases": {"b": True, "a": True}}, "use": "switch"}}}

    assert said(before, after) == ["~ nodes.s.with.cases"]


def test_a_change_of_kind():
    (change,) = diff({"a": [1]}, {"a": {"b": 1}})

    assert (change.path, change.before, change.after) == ("a", [1], {"b": 1})
