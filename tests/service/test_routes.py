"""Which trigger a request is for."""

import pytest

from tenuto.core.flow.paths import read_path
from tenuto.service.routes import Routes

PATHS = [
    "/",
    "/orders",
    "/orders/{id}",
    "/orders/{id:int}",
    "/orders/new",
    "/orders/{id}/lines/{line:int}",
    "/{rest:path}",
]


def routes(*paths: str, method: str = "POST") -> Routes[str]:
    made: Routes[str] = Routes()
    for path in paths:
        assert made.add(method, read_path(path), path) is None
    return made


def asked(made: Routes[str], path: str, method: str = "POST"):
    return made.match(method, path.split("/")[1:] if path != "/" else [])


class TestTheMostExactRouteIsTaken:
    @pytest.mark.parametrize(
        ("path", "found", "parameters"),
        [
            ("/", "/", {}),
            ("/orders", "/orders", {}),
            ("/orders/new", "/orders/new", {}),
            ("/orders/12", "/orders/{id:int}", {"id": 12}),
            ("/orders/-12", "/orders/{id:int}", {"id": -12}),
            ("/orders/012", "/orders/{id}", {"id": "012"}),
            ("/orders/9999999999999999999", "/orders/{id}", {"id": "9999999999999999999"}),
            ("/orders/\u0661", "/orders/{id}", {"id": "\u0661"}),
            ("/orders/a b", "/orders/{id}", {"id": "a b"}),
            ("/orders/7/lines/3", "/orders/{id}/lines/{line:int}", {"id": "7", "line": 3}),
            ("/orders/7/lines/x", "/{rest:path}", {"rest": "orders/7/lines/x"}),
            ("/x", "/{rest:path}", {"rest": "x"}),
        ],
    )
    def test_whatever_else_would_fit(self, path, found, parameters):
        matched = asked(routes(*PATHS), path)

        assert (matched.found, matched.parameters) == (found, parameters)

    def test_in_whatever_order_they_were_added(self):
        assert asked(routes(*reversed(PATHS)), "/orders/new").found == "/orders/new"

    def test_a_name_is_the_one_of_the_route_that_was_taken(self):
        made = routes("/a/{x}/b", "/a/{y}/c")

        assert asked(made, "/a/1/c").parameters == {"y": "1"}


class TestNothing:
    @pytest.mark.parametrize("path", ["/orders", "/orders/", "/orders//lines", "/other/1", "/orders/1/2"])
    def test_fits(self, path):
        matched = asked(routes("/orders/{id}"), path)

        assert (matched.found, matched.allowed) == (None, [])

    def test_rest_takes_at_least_one_segment(self):
        assert asked(routes("/files/{rest:path}"), "/files/").found is None


class TestMethods:
    def test_those_that_the_path_takes_are_named(self):
        made = routes("/orders/{id}")
        made.add("GET", read_path("/orders/{id:int}"), "get")

        matched = asked(made, "/orders/5", "PUT")

        assert (matched.found, matched.allowed) == (None, ["GET", "POST"])

    def test_a_less_exact_route_with_the_method_is_taken(self):
        made = routes("/orders/{id}")
        made.add("GET", read_path("/orders/new"), "get")

        assert asked(made, "/orders/new").found == "/orders/{id}"

    @pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "get", ""])
    def test_nothing_is_a_method_that_was_not_declared(self, method):
        made = routes("/x", method="GET")

        assert asked(made, "/x", method).found is None


def test_the_same_shape_twice_says_who_was_there():
    made = routes("/a/{x}/{rest:path}")

    assert made.add("POST", read_path("/a/{y}/{more:path}"), "later") == "/a/{x}/{rest:path}"
    assert made.add("GET", read_path("/a/{y}/{more:path}"), "get") is None
    assert asked(made, "/a/1/2").found == "/a/{x}/{rest:path}"
