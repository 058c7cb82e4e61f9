"""Static pages from the templates under reports/templates: escaped, in one file, and asking for nothing outside it."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from harness.report.verdicts import ORDER, WORDS, cell_name, visible_lines

__all__ = ["TEMPLATES", "amount", "environment", "marked", "source_hash", "standing"]

TEMPLATES = Path(__file__).resolve().parents[2] / "reports" / "templates"

# As harness.redact writes it, after escaping: {{kind:hash:length/transform[cut]}}
_MARK = re.compile(r"\{\{([a-z0-9_]+):([0-9a-f]{16}):(\d+)((?:/[a-z0-9]+)?(?:\[\d+:\d+\])?)\}\}")


def marked(text: object) -> Markup:
    """The text escaped, what would act made visible, and each mark of the redactor as a chip."""
    return Markup(_MARK.sub(_chip, str(escape(visible_lines(str(text))))))


def _chip(found: re.Match[str]) -> str:
    kind, digest, length, how = found.groups()
    title = f"{found[0]}: redacted, {length} characters"
    return f'<span class="mark" title="{title}">{kind.replace("_", " ")} {digest[:6]}{how}</span>'


def amount(value: float, unit: str) -> str:
    """`3,600 s (1 h)`: the value with its unit, and in hours or days where that reads better."""
    plain = f"{value:,.10g} {unit}"
    for size, name, least in ((86_400, "d", 2), (3_600, "h", 1), (60, "min", 2)):
        if unit == "s" and value >= least * size and value % size == 0:
            return f"{plain} ({value / size:g} {name})"
    return plain


def standing(status: str) -> str:
    """How far the text of a source was checked, in one word: `verified`, `secondary`, or `from memory`."""
    word = status.partition(":")[0].strip()
    return word if word in ("verified", "secondary") else "from memory"


def source_hash(text: str) -> str:
    """The source expression of CSP Level 3 §2.3.1 that allows an inline style or script with this text."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def environment() -> Environment:
    """Jinja's environment: everything is escaped, a name that is missing is an error, assets are inlined."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {"marked": marked, "cell": cell_name, "visible": visible_lines, "standing": standing}
    made.globals |= {"words": WORDS, "order": ORDER, "asset": _asset, "source_hash": source_hash, "amount": amount}
    return made


def _asset(name: str) -> Markup:
    """A style sheet or script of ours, as it stands in the templates' folder."""
    return Markup((TEMPLATES / name).read_text("utf-8"))
