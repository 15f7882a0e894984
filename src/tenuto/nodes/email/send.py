"""`email.send`: one mail over the server that the secret `smtp_url` names. A mail cannot be taken back, so whether one left is
never guessed: the node runs at most once, and if a crash leaves it open a person decides.

`smtp_url` is `smtps://user:password@host` (TLS from the start, port 465) or `smtp://user:password@host` (STARTTLS, port 587);
`smtp_from` is the sender. Both are secrets of the tenant: who writes a flow or an agent chooses neither.
"""

import smtplib
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any, TypedDict

from tenuto.nodes.email.server import MAIL_PORTS, Server, server_of
from tenuto.sdk import Context, FileRef, NodeError, node

MOST_RECIPIENTS = 50
MOST_BYTES = 20 * 1024 * 1024


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
    recipients = [*to, *(cc or []), *(bcc or [])]
    if not to or len(recipients) > MOST_RECIPIENTS:
        raise _wrong(
            f"a mail has 1 to {MOST_RECIPIENTS} recipients, at least one of them in `to`; this has {len(recipients)}"
        )
    server = server_of(ctx.secret("smtp_url"))
    mail = _mail(ctx, {"To": to, "Cc": cc or [], "Reply-To": [reply_to] if reply_to else []}, subject, text, html)
    _attach(mail, attachments or [], ctx)
    addresses = ctx.run_sync(ctx.http.addresses(server.host, server.port, MAIL_PORTS))
    refused = _handed_over(server, addresses, mail, recipients)
    accepted = [each for each in recipients if each not in refused]
    return {"message_id": str(mail["Message-ID"]), "accepted": accepted, "refused": refused}


def _mail(ctx: Context, people: dict[str, list[str]], subject: str, text: str, html: str | None) -> EmailMessage:
    mail = EmailMessage()
    sender = ctx.secret("smtp_from")
    try:
        mail["From"] = sender
        for header, addresses in people.items():
            if addresses:
                mail[header] = ", ".join(_address(each) for each in addresses)
        mail["Subject"] = subject
    except ValueError as error:  # a line break in a header would be another header
        raise _wrong(f"this cannot stand in a mail: {error}") from None
    mail["Date"] = formatdate()
    mail["Message-ID"] = make_msgid(
        ctx.idempotency_key.replace("/", ".").replace("@", "."), sender.rpartition("@")[2].strip("> ")
    )
    mail.set_content(text)
    if html is not None:
        mail.add_alternative(html, subtype="html")
    return mail


def _address(given: str) -> str:
    name, at, domain = given.strip().rpartition("@")
    if not (at and name and domain) or len(given) > 320 or "," in given or not given.isprintable():
        raise _wrong(f"`{given[:80]}` is no mail address")
    return given.strip()


def _attach(mail: EmailMessage, files: list[FileRef], ctx: Context) -> None:
    size = 0
    for file in files:
        content = ctx.run_sync(ctx.files.get(file))
        size += len(content)
        if size > MOST_BYTES:
            raise NodeError("the attachments have more than 20 MB", type="too_large", retry=False)
        kind, _, sub = str(file.get("media_type") or "application/octet-stream").partition(";")[0].partition("/")
        mail.add_attachment(
            content, maintype=kind, subtype=sub or "octet-stream", filename=str(file.get("name") or "file")
        )


def _handed_over(server: Server, addresses: list[str], mail: EmailMessage, recipients: list[str]) -> dict[str, str]:
    """Those that the server refused. What it said of the mail as a whole is a `NodeError`."""
    try:
        with server.connected(addresses) as smtp:
            refused: dict[str, Any] = smtp.send_message(mail, to_addrs=recipients)
    except smtplib.SMTPRecipientsRefused as error:
        raise NodeError(f"no recipient was accepted: {_reasons(error.recipients)}", type="email", retry=False) from None
    except smtplib.SMTPAuthenticationError:
        raise NodeError(
            "the mail server refused the user or the password in `smtp_url`", type="secret", retry=False
        ) from None
    except smtplib.SMTPResponseException as error:
        said = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        raise NodeError(
            f"the mail server said {error.smtp_code} {said[:200]}", type="email", retry=error.smtp_code < 500
        ) from None
    except (smtplib.SMTPException, OSError) as error:
        raise NodeError(f"the mail server at {server} was lost: {type(error).__name__}", type="connection") from None
    return {address: _reason(answer) for address, answer in refused.items()}


def _reasons(refused: dict[str, Any]) -> str:
    return "; ".join(f"{address}: {_reason(answer)}" for address, answer in list(refused.items())[:5])


def _reason(answer: Any) -> str:
    code, said = answer
    return f"{code} {said.decode('utf-8', 'replace') if isinstance(said, bytes) else said}"[:200]


def _wrong(message: str) -> NodeError:
    return NodeError(message, type="input", retry=False)
