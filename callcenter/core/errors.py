"""The one root of everything this project raises on purpose."""


class CallcenterError(Exception):
    """Something went wrong in the call centre."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())
