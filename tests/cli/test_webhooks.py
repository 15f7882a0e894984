"""`tenuto webhooks …`: added with a secret that is shown once, listed, looked at, removed."""

import json

from cli.conftest import Tenuto


def test_a_webhook_is_added_listed_and_removed(tenuto: Tenuto):
    added = tenuto("webhooks", "add", "https://example.com/in", "-t", "run.failed", "-l", "team:ops", "--json")
    made = json.loads(added.out)
    listed = tenuto("webhooks", "list")
    sent = tenuto("webhooks", "deliveries", made["id"])
    removed = tenuto("webhooks", "remove", made["id"])

    assert (made["types"], made["labels"]) == (["run.failed"], {"team": "ops"})
    assert made["secret"].startswith("whsec_")
    assert made["id"] in listed.out
    assert "active" in listed.out
    assert made["secret"] not in listed.out
    assert (sent.code, sent.out) == (0, "")
    assert (removed.code, removed.out) == (0, f"removed {made['id']}\n")
    assert tenuto("webhooks", "list", "--json").out == '{"items":[],"next_cursor":null}\n'


def test_without_types_it_is_sent_how_runs_end(tenuto: Tenuto):
    made = json.loads(tenuto("webhooks", "add", "https://example.com/in", "--json").out)

    assert made["types"] == ["run.succeeded", "run.failed", "run.cancelled"]


def test_what_cannot_be_is_said(tenuto: Tenuto):
    inside = tenuto("webhooks", "add", "http://10.0.0.1/in")
    unknown = tenuto("webhooks", "add", "https://example.com", "-t", "run.finished")
    label = tenuto("webhooks", "add", "https://example.com", "-l", "team")
    status = tenuto("webhooks", "deliveries", "wh_1", "--status", "lost")
    nowhere = tenuto("webhooks", "remove", "wh_1")

    assert [each.code for each in (inside, unknown, label, status)] == [2, 2, 2, 2]
    assert "TENUTO_HTTP_ALLOW" in inside.err
    assert "nothing tells `run.finished`" in unknown.err
    assert nowhere.code != 0
    assert "there is no webhook `wh_1`" in nowhere.err
