"""Linking a trace file."""

import os

from spanlink._core import SpanLink, find_links, link_named


def link_file(
    path: str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    *,
    policy: str = "first",
    min_evidence: str = "name",
    cross_trace: str = "conversation",
    profile: str = "datadog,semconv",
    tool_payload: str = "none",
    strip_content: bool = False,
) -> list[SpanLink]:
    """Returns the links of a trace file, in the order of their consumers' start.

    `output`: a file that becomes the same trace with the links on it; it may be
    `path` itself, and is there whole or not at all. The options are those of
    `spanlink.link`.

    Raises OSError, and ValueError with the file, the offset and what was
    expected there. Neither quotes the file.
    """
    name = os.fspath(path)
    options = {
        "policy": policy,
        "min_evidence": min_evidence,
        "cross_trace": cross_trace,
    }
    with open(name, "rb") as file:
        trace = file.read()
    if output is None:
        return find_links(trace, name=name, **options)
    linked, links = link_named(
        name,
        trace,
        profile=profile,
        tool_payload=tool_payload,
        strip_content=strip_content,
        **options,
    )
    _replace(os.path.realpath(output), linked)
    return links


def _replace(path: str, content: bytes) -> None:
    """Writes beside `path` first, so that a reader never sees half of it."""
    part = f"{path}.{os.getpid()}.part"
    try:
        with open(part, "wb") as file:
            file.write(content)
        if os.path.exists(path):
            os.chmod(part, os.stat(path).st_mode)
        os.replace(part, path)
    except BaseException:
        if os.path.exists(part):
            os.unlink(part)
        raise
