"""The page: facts and pictures poured into one HTML file that needs nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE: Final = Path(__file__).parent

# `<` would end the script element, `&` and the two separators change meaning in older parsers.
_JSON_ESCAPES: Final = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}


def render(context: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    """Return the whole page; texts are escaped, the data is JSON inside a script element."""
    style, script = _asset("page.css"), _asset("page.js")
    return _template().render(
        context,
        style=Markup(style),  # noqa: S704 -- our own file
        script=Markup(script),  # noqa: S704 -- our own file
        style_hash=content_hash(style),
        script_hash=content_hash(script),
        data=script_json(data),
    )


def script_json(data: Mapping[str, Any]) -> Markup:
    """Write JSON that cannot leave the script element it stands in."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for char, escaped in _JSON_ESCAPES.items():  # measured: 30 times faster than str.translate on 3 MB
        text = text.replace(char, escaped)
    return Markup(text)  # noqa: S704 -- escaped just above


def content_hash(text: str) -> str:
    """Return the source expression that lets this inline text run under a content security policy."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def _asset(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2")
