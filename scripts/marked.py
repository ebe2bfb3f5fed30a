"""The places in documents that commands write: between two comments."""


def put(path, name, text):
    """Writes between `<!-- begin NAME -->` and `<!-- end NAME -->`."""
    old = path.read_text()
    begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->\n"
    before, found, rest = old.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise SystemExit(f"{path}: no place for {name}")
    path.write_text(before + begin + text + end + after)
