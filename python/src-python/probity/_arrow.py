"""Objects with Arrow data, by the methods of Arrow's PyCapsule interface."""

from __future__ import annotations

from typing import Protocol


class ArrowArray(Protocol):
    """A batch of rows."""

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]:
        """Capsules with a schema and an array of structs."""
        ...


class ArrowStream(Protocol):
    """Batches of rows."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """A capsule with a stream of arrays of structs."""
        ...
