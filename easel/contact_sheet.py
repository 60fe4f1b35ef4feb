"""A page that shows a batch's pictures with their prompts. It has no script."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any
from urllib.parse import quote

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
  body {{ font: 14px/1.4 system-ui, sans-serif; margin: 2em; }}
  main {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(15em, 1fr)); gap: 1.5em; }}
  figure {{ margin: 0; overflow-wrap: anywhere; }}
  img {{ width: 100%; }}
  small {{ color: #666; }}
</style>
<h1>{title}</h1>
<p>{summary}</p>
<main>
{figures}
</main>
</html>
"""


def contact_sheet(
    title: str,
    summary: Iterable[tuple[str, object]],
    shown: Iterable[tuple[str, Mapping[str, Any]]],
) -> str:
    """Returns the page. `shown` has each request's words, and what was noted of it."""
    said = " · ".join(f"{name}: {value}" for name, value in summary if value is not None)
    figures = [figure for words, entry in shown for figure in _figures(words, entry)]
    return _PAGE.format(title=escape(title), summary=escape(said), figures="\n".join(figures))


def _figures(words: str, entry: Mapping[str, Any]) -> list[str]:
    pictures = [
        _figure(
            words,
            f"seed {picture['seed']}, {picture['model']}, {picture['id']}",
            f'<a href="{quote(picture["file"])}">'
            f'<img src="{quote(picture["file"])}" alt="" loading="lazy"></a>',
        )
        for picture in entry.get("pictures", [])
    ]
    failed = [each for each in (entry, *entry.get("failed", [])) if "error" in each]
    refusals = [_figure(words, str(each["error"]["message"])) for each in failed]
    return [*pictures, *refusals] or [_figure(words, "not drawn yet")]


def _figure(words: str, note: str, picture: str = "") -> str:
    caption = f"<figcaption>{escape(words)}<br><small>{escape(note)}</small></figcaption>"
    return f"<figure>{picture}{caption}</figure>"
