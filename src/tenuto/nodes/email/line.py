"""The line to a mail server, and what it means that it broke: before the mail was given away, or while it was."""

import smtplib
import ssl

from tenuto.sdk import NodeError

SECONDS = 30.0  # for a connection, and for each answer
_END = b"\r\n.\r\n"


class Line:
    """`taken`: the server has all of the mail, so it may deliver it, whether it says so or not."""

    taken = False

    def sent(self, said: object) -> None:
        self.taken = self.taken or (isinstance(said, bytes) and said.endswith(_END))

    def broken(self, server: object, error: Exception) -> NodeError:
        if self.taken:
            said = f"the mail server at {server} was lost when it had the mail: it may have been sent ({_words(error)})"
            return NodeError(said, type="lost", retry=False)
        if isinstance(error, smtplib.SMTPNotSupportedError):
            return NodeError(f"the mail server at {server} {_lacks(error)}", type="email", retry=False)
        if isinstance(error, ssl.SSLCertVerificationError):
            said = f"the certificate of the mail server at {server} is not to be trusted: {error.verify_message}"
            return NodeError(said, type="email", retry=False)
        return NodeError(f"the mail server at {server} cannot be reached: {_words(error)}", type="connection")


def _lacks(error: smtplib.SMTPNotSupportedError) -> str:
    said = str(error)
    if "STARTTLS" in said:
        return "offers no TLS, and a password is not said in the open"
    if "SMTPUTF8" in said:
        return "takes no addresses with letters beyond ASCII before the @"
    return f"cannot do what is needed: {said}"


def _words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer in {SECONDS:g} s"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "it hung up"
    return str(getattr(error, "strerror", None) or type(error).__name__)
