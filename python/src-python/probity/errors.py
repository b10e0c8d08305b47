"""Exceptions, by who is at fault: whoever reads one knows what to change."""

from __future__ import annotations


class Error(Exception):
    """The base of all exceptions of this package. As text it has the hint, if there is one, on a line of its own."""

    message: str
    hint: str | None

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        text = self.message if self.hint is None else f"{self.message}\nhint: {self.hint}"
        # names and values may come from anyone, and a terminal obeys control characters
        return "".join(c if c.isprintable() or c in "\n\t" else f"\\u{ord(c):04x}" for c in text)


class ConfigError(Error):
    """The configuration is wrong; where it can, the message names the line."""


class InputError(Error):
    """Input data, or a file named in a call, cannot be used."""


class AssetError(Error):
    """A model, list or pack cannot be used."""


class OutputError(Error):
    """Something cannot be written or read back where the release is made."""


class LimitError(Error):
    """A stated limit was passed."""


class ReleaseError(Error):
    """A release does not hold what it should."""


class UnanswerableError(Error):
    """A question that what is at hand cannot answer, though nothing is wrong with it."""


class BusyError(Error):
    """Another run has the directory."""


class BugError(Error):
    """Something that should not happen in this package did."""
