"""Linking a trace file."""

import os
import tempfile
from pathlib import Path

from spanlink._core import SpanLink, link_named, find_links


def link_file(
    path: str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    *,
    policy: str = "first",
    min_evidence: str = "name",
    cross_trace: str = "conversation",
    profile: str = "datadog,semconv",
) -> list[SpanLink]:
    """Returns the links of a trace file, in the order of their consumers' start.

    `output`: a file that becomes the same trace with the links on it; it may be
    `path` itself, and is there whole or not at all. The options are those of
    `spanlink.link`.

    Raises OSError, and ValueError with the file, the offset and what was
    expected there. Neither quotes the file.
    """
    source = Path(path)
    options = {
        "policy": policy,
        "min_evidence": min_evidence,
        "cross_trace": cross_trace,
    }
    if output is None:
        return find_links(source.read_bytes(), name=str(source), **options)
    linked, links = link_named(
        str(source), source.read_bytes(), profile=profile, **options
    )
    _replace(Path(output), linked)
    return links


def _replace(path: Path, content: bytes) -> None:
    """Writes beside `path` first, so that a reader never sees half of it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        mode = path.stat().st_mode if path.exists() else 0o666 & ~_umask()
        os.chmod(name, mode)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
