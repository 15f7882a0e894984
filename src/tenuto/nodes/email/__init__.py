"""Nodes that send mail."""

from tenuto.sdk import Package

PACKAGE = Package(
    title="E-mail",
    icon="mail",
    description="Send mail over your own server.",
    nodes=["email.send"],
)
