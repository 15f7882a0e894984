"""`email.send`: one mail over the server that the secret `smtp_url` names. A mail cannot be taken back, so whether one left is
never guessed: the node runs at most once, and if a crash leaves it open a person decides.

`smtp_url` is `smtps://user:password@host` (TLS from the start, port 465) or `smtp://user:password@host` (STARTTLS, port 587);
`smtp_from` is the sender. Both are secrets of the tenant: who writes a flow or an agent chooses neither.
"""

import re
import smtplib
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any, TypedDict

from tenuto.nodes.email.addresses import address_of
from tenuto.nodes.email.line import Line
from tenuto.nodes.email.server import MAIL_PORTS, Server, server_of
from tenuto.sdk import Context, FileRef, NodeError, node

MOST_RECIPIENTS = 50
MOST_BYTES = 20 * 1024 * 1024
ANY_KIND = "application/octet-stream"
_KIND = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")
_FOR_GOOD = 500  # answers from here on stay as they are


class Sent(TypedDict):
    """`refused`: recipients that the server did not take, with its reason. `message_id`: what replies refer to."""

    message_id: str
    accepted: list[str]
    refused: dict[str, str]


@node("email.send", effects="once", secrets=["smtp_url", "smtp_from"], timeout=120)
def send(  # noqa: D417  `ctx` is no input
    to: list[str],
    subject: str,
    text: str,
    html: str | None = None,
    cc: list[str] | None = None,
    bcc: list[str] | None = None,
    reply_to: str | None = None,
    attachments: list[FileRef] | None = None,
    *,
    ctx: Context,
) -> Sent:
    """Send one mail. It leaves at most once.

    Args:
        to: Addresses of the recipients.
        subject: One line.
        text: The mail as plain text.
        html: The same as HTML, for programs that show it.
        cc: Addresses that get a copy, seen by all.
        bcc: Addresses that get a copy, seen by nobody.
        reply_to: Where answers go, if not to the sender.
        attachments: References of files.
    """
    recipients = [address_of(each) for each in [*to, *(cc or []), *(bcc or [])]]
    if not to or len(recipients) > MOST_RECIPIENTS:
        raise _wrong(
            f"a mail has 1 to {MOST_RECIPIENTS} recipients, at least one of them in `to`; this has {len(recipients)}"
        )
    server = server_of(ctx.secret("smtp_url"))
    people = {"To": to, "Cc": cc or [], "Reply-To": [reply_to] if reply_to else []}
    mail = _mail(ctx, {header: [address_of(each) for each in given] for header, given in people.items()}, subject, text)
    if html is not None:
        mail.add_alternative(_sendable(html), subtype="html")
    _attach(mail, attachments or [], ctx)
    addresses = ctx.run_sync(ctx.http.addresses(server.host, server.port, MAIL_PORTS))
    everybody = list(dict.fromkeys(each.addr_spec for each in recipients))
    refused = _handed_over(server, addresses, mail, everybody)
    accepted = [each for each in everybody if each not in refused]
    return {"message_id": str(mail["Message-ID"]), "accepted": accepted, "refused": refused}


def _mail(ctx: Context, people: dict[str, list[Address]], subject: str, text: str) -> EmailMessage:
    mail = EmailMessage()
    sender = ctx.secret("smtp_from")
    try:
        mail["From"] = sender
        for header, addresses in people.items():
            if addresses:
                mail[header] = addresses
        mail["Subject"] = _sendable(subject)
    except ValueError as error:  # a line break in a header would be another header
        raise _wrong(f"this cannot stand in a mail: {error}") from None
    mail["Date"] = formatdate()
    mail["Message-ID"] = make_msgid(
        ctx.idempotency_key.replace("/", ".").replace("@", "."), sender.rpartition("@")[2].strip("> ")
    )
    mail.set_content(_sendable(text))
    return mail


def _sendable(text: str) -> str:
    """Without what no mail can carry: NUL, and half a character."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _attach(mail: EmailMessage, files: list[FileRef], ctx: Context) -> None:
    size = 0
    for file in files:
        content = ctx.run_sync(ctx.files.get(file))
        size += len(content)
        if size > MOST_BYTES:
            raise NodeError("the attachments have more than 20 MB", type="too_large", retry=False)
        kind, _, sub = _kind(str(file.get("media_type", ""))).partition("/")
        name = "".join(sign for sign in str(file.get("name", "")) if sign.isprintable())
        mail.add_attachment(content, maintype=kind, subtype=sub, filename=name or "file")


def _kind(said: str) -> str:
    """A mail in a mail would be read as a part of this one."""
    kind = said.partition(";")[0].strip().lower()
    return kind if _KIND.fullmatch(kind) and not kind.startswith(("multipart/", "message/")) else ANY_KIND


def _handed_over(server: Server, addresses: list[str], mail: EmailMessage, recipients: list[str]) -> dict[str, str]:
    """Those that the server refused. What it said of the mail as a whole is a `NodeError`."""
    line = Line()
    try:
        with server.connected(addresses, line) as smtp:
            refused: dict[str, Any] = smtp.send_message(mail, to_addrs=recipients)
    except smtplib.SMTPRecipientsRefused as error:
        raise NodeError(f"no recipient was accepted: {_reasons(error.recipients)}", type="email", retry=False) from None
    except smtplib.SMTPAuthenticationError:
        said = "the mail server refused the user or the password in `smtp_url`"
        raise NodeError(said, type="secret", retry=False) from None
    except smtplib.SMTPResponseException as error:
        said = f"the mail server said {_reason((error.smtp_code, error.smtp_error))}"
        raise NodeError(said, type="email", retry=error.smtp_code < _FOR_GOOD) from None
    except (smtplib.SMTPException, OSError) as error:
        raise line.broken(server, error) from None
    return {address: _reason(answer) for address, answer in refused.items()}


def _reasons(refused: dict[str, Any]) -> str:
    return "; ".join(f"{address}: {_reason(answer)}" for address, answer in list(refused.items())[:5])


def _reason(answer: Any) -> str:
    code, said = answer
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return "".join(sign if sign.isprintable() else " " for sign in f"{code} {text}"[:200])


def _wrong(message: str) -> NodeError:
    return NodeError(message, type="input", retry=False)
