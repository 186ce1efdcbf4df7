"""Refusals as the interface of a Jupyter server gives them, which JupyterLab shows in a dialog."""

from __future__ import annotations

from tornado.web import HTTPError


class Refusal(HTTPError):
    """What was asked for is not done; the message says why, and the way out."""

    def __init__(self, status: int, message: str) -> None:
        """Give the status of the answer and its message.

        Args:
            status: 409 where something is in the way, 400 where the request makes no sense.
            message: as it is shown.
        """
        super().__init__(status, message)
        self._shown = message

    @property
    def log_message(self) -> str:
        """The message as it is: tornado doubles each `%`, and Jupyter shows that."""
        return self._shown

    @log_message.setter
    def log_message(self, _: str | None) -> None:
        """Tornado sets it."""
