"""Writes tables, and fills parts of a document that commands make."""

from collections.abc import Callable, Iterable, Mapping

Part = Callable[[], str]


def table(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


def filled(document: str, parts: Mapping[str, Part], command: str = "make docs") -> str:
    """Returns a document with the parts that a command makes anew. Raises ValueError if a marker is
    missing."""
    for name, part in parts.items():
        begin, end = f"<!-- begin {name}: {command} -->\n", f"<!-- end {name} -->\n"
        start = document.index(begin) + len(begin)
        document = document[:start] + part() + document[document.index(end, start) :]
    return document
