# What the stub generator leaves out.
_core.__prefix__:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    __version__: str

_core.SpanLink.to$:
    @property
    def from_(self) -> str:
        """Which end of the producer: always `output`."""

    @property
    def to(self) -> str:
        """Which end of the consumer: always `input`."""

