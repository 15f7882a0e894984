"""`email.send` over a real connection to a mail server of our own."""

import asyncio
from typing import Any

import pytest

from nodes.smtp import MailServer
from sdk.http.server import LOOPBACK
from tenuto.nodes.email.server import server_of
from tenuto.sdk import NodeError, Registry
from tenuto.sdk.http import HttpClient
from tenuto.testing.check_node import try_node
from tenuto.testing.context import FakeContext

SEND = Registry()["email.send"]
MAIL = {"to": ["ada@example.com"], "subject": "Grüße", "text": "Hello Ada"}


def send(server: MailServer, ctx: FakeContext | None = None, **given: Any) -> Any:
    return asyncio.run(try_node(SEND, {**MAIL, **given}, ctx or sender(server))).value


def sender(server: MailServer, **secrets: str) -> FakeContext:
    given = {"smtp_url": f"smtp://127.0.0.1:{server.port}", "smtp_from": "Shop <shop@example.com>", **secrets}
    return FakeContext(secrets=given, http=HttpClient(LOOPBACK))


def test_a_mail_arrives_with_all_its_parts() -> None:
    """Sender, recipients, subject, text, HTML; copies that nobody sees are in no header."""
    with MailServer() as server:
        sent = send(
            server, html="<p>Hello</p>", cc=["bob@example.com"], bcc=["eve@example.com"], reply_to="x@example.com"
        )

    (recipients, content), text = server.mails[0], server.mails[0][1].decode()
    assert recipients == ["ada@example.com", "bob@example.com", "eve@example.com"] == sent["accepted"]
    assert "From: Shop <shop@example.com>" in text
    assert "To: ada@example.com\r\nCc: bob@example.com\r\nReply-To: x@example.com" in text
    assert "eve@example.com" not in text
    assert b"<p>Hello</p>" in content
    assert sent["message_id"] in text


def test_a_file_goes_with_it() -> None:
    """Under its name."""
    with MailServer() as server:
        ctx = sender(server)
        file = asyncio.run(ctx.files.put(b"a,b\n", name="orders.csv", media_type="text/csv"))
        send(server, ctx, attachments=[file])

    assert 'filename="orders.csv"' in server.mails[0][1].decode()


def test_a_recipient_who_is_refused_is_named() -> None:
    """The others get it."""
    with MailServer(refuse=("bob@example.com",)) as server:
        sent = send(server, to=["ada@example.com", "bob@example.com"])

    assert sent["accepted"] == ["ada@example.com"]
    assert sent["refused"] == {"bob@example.com": "550 nobody of that name"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"to": []}, "1 to 50 recipients"),
        ({"to": ["a@b.example"] * 51}, "1 to 50 recipients"),
        ({"to": ["ada"]}, "no mail address"),
        ({"to": ["ada@example.com, eve@example.com"]}, "no mail address"),
        ({"to": ["ada@example.com\nBcc: eve@example.com"]}, "no mail address"),
        ({"subject": "Hi\r\nBcc: eve@example.com"}, "cannot stand in a mail"),
        ({"reply_to": "x@example.com\r\nBcc: eve@example.com"}, "no mail address"),
    ],
)
def test_a_header_is_not_smuggled_in(given: dict[str, Any], said: str) -> None:
    """Nothing leaves."""
    with MailServer() as server, pytest.raises(NodeError, match=said):
        send(server, **given)

    assert server.mails == []


@pytest.mark.parametrize(
    ("answers", "kind", "retry"),
    [
        ({"MAIL": "451 come back later"}, "email", True),
        ({"END": "554 we think this is spam"}, "email", False),
        ({"RCPT": "550 no"}, "email", False),
        ({"DATA": None}, "connection", True),
        ({"END": None}, "lost", False),  # it had all of it: nobody knows, so it is not sent again
    ],
)
def test_what_the_server_says_is_told(answers: dict[str, str | None], kind: str, retry: bool) -> None:
    """And whether it may help to try again; the node itself runs at most once unless its author says otherwise."""
    with MailServer(answers=answers) as server, pytest.raises(NodeError) as caught:
        send(server)

    assert (caught.value.type, caught.value.retry) == (kind, retry)
    assert server.mails == []
    assert SEND.effects == "once"


@pytest.mark.parametrize("answer", ["421 whatever", None], ids=["odd", "hangs-up"])
def test_a_mail_is_sent_however_the_server_says_goodbye(answer: str | None) -> None:
    with MailServer(answers={"QUIT": answer}) as server:
        sent = send(server)

    assert sent["accepted"] == ["ada@example.com"]


def test_people_have_names_and_domains_have_letters() -> None:
    """In the header as people write it, on the wire as machines do; nobody gets it twice."""
    with MailServer() as server:
        sent = send(server, to=["Ada Löve <ada@example.com>", '"Bob, B." <bob@exämple.com>'], cc=["ada@example.com"])

    recipients, content = server.mails[0]
    assert recipients == sent["accepted"] == ["ada@example.com", "bob@xn--exmple-cua.com"]
    assert "Ada =?utf-8?q?L=C3=B6ve?= <ada@example.com>" in content.decode()


@pytest.mark.parametrize(
    "address",
    ["a@b c@d", "a@b;c@d", "a@b@c", "<a@b", "a@b (x)", "list:a@b;", "a@[10.0.0.1]", "a@-b", "a@b..c", ".a@b", "a@"],
)
def test_what_could_be_read_as_somebody_else_is_no_address(address: str) -> None:
    with MailServer() as server, pytest.raises(NodeError, match="no mail address"):
        send(server, to=[address])

    assert server.mails == []


def test_what_a_server_cannot_do_is_told() -> None:
    with MailServer() as server, pytest.raises(NodeError, match="letters beyond ASCII before the @"):
        send(server, to=["jürgen@example.com"])
    with MailServer(answers={"END": "554 spam\x1b[31m"}) as server, pytest.raises(NodeError) as caught:
        send(server)
    with pytest.raises(NodeError, match="cannot be reached: Connection refused"):
        send(server)

    assert caught.value.message.isprintable()


def test_odd_content_does_no_harm() -> None:
    """NUL, half a character; a file that claims to be a mail, or another header."""
    with MailServer() as server:
        ctx = sender(server)
        kinds = ["message/rfc822", "multipart/mixed", "weird", "text/plain; x=\r\nBcc: eve@example.com", "/"]
        files = [asyncio.run(ctx.files.put(b"x", name="a\r\nBcc: e@e", media_type=kind)) for kind in kinds]
        send(server, ctx, subject="a\0b", text="a\0\ud800b\n.\nc", attachments=files)

    content = server.mails[0][1]
    assert content.count(b"Content-Type: application/octet-stream") == 4
    assert b"\r\nBcc" not in content
    assert b"\0" not in content


def test_a_password_is_not_said_in_the_open() -> None:
    """A server that offers no TLS gets no password."""
    with MailServer() as server:
        url = f"smtp://shop:hunter2-hunter2@127.0.0.1:{server.port}"
        with pytest.raises(NodeError):
            send(server, sender(server, smtp_url=url))

    assert not any("AUTH" in line for line in server.said)


def test_an_inner_server_is_not_reached() -> None:
    """Unless it was allowed."""
    secrets = {"smtp_url": "smtp://10.0.0.1:25", "smtp_from": "a@example.com"}

    with pytest.raises(NodeError) as caught:
        asyncio.run(try_node(SEND, MAIL, FakeContext(secrets=secrets, http=HttpClient())))

    assert caught.value.type == "permission"


@pytest.mark.parametrize(
    "url", ["", "mail.example.com", "http://x", "smtp://", "smtps://u:sesame@h:99999", "smtp://h/path?x"]
)
def test_a_url_that_is_none_is_not_repeated(url: str) -> None:
    """It holds a password."""
    with pytest.raises(NodeError) as caught:
        server_of(url)

    assert caught.value.type == "secret"
    assert "sesame" not in caught.value.message


def test_user_and_password_are_read_from_the_url() -> None:
    """With the ports that are usual."""
    server = server_of("smtps://shop%40example.com:p%3Ass@mail.example.com")

    assert (server.host, server.port, server.secure) == ("mail.example.com", 465, True)
    assert (server.user, server.password) == ("shop@example.com", "p:ss")
    assert "p:ss" not in repr(server)
