"""Every node of the library keeps what nodes promise."""

from tenuto.sdk import Registry
from tenuto.testing.check_node import check_nodes


def test_every_node_that_is_discovered_keeps_the_conventions() -> None:
    """Name, docstring, closed form, defaults, ports, effects: asserted over all of them."""
    checked = check_nodes(Registry())

    assert {"debug.echo", "http.request", "id.uuid", "template.render", "time.now"} <= set(checked)


def test_every_input_of_the_library_is_described() -> None:
    """The description is the help in the form, in the docs, and what an agent reads."""
    registry = Registry()

    silent = [
        f"{name}.{field}"
        for name in registry
        for field, schema in registry[name].input_schema["properties"].items()
        if not schema.get("description")
    ]

    assert silent == []


def test_every_card_says_what_its_package_is_for() -> None:
    """`tenuto nodes` prints the cards."""
    assert all(card.title and card.description and card.icon for card in Registry().cards())
