"""Draws docs/layers.svg from the import contracts: `python -m scripts.picture`.

Boxes are the layers of `.importlinter`, from the top down as imports go, each with the first
sentence of its docstring. Beside them stand the programs and packages of their own.
"""

import ast
import re
from configparser import ConfigParser
from pathlib import Path
from textwrap import wrap
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs/layers.svg"
_WIDE, _HIGH, _GAP, _TOP = 660, 62, 20, 30
_LEFT, _RIGHT, _BESIDE = 30, 740, 270
_BESIDES = {"api": "cli", "reconciler": "provisioners", "engines": "sandbox"}
"""What is drawn beside which layer, and what goes between them."""
_WAYS = {"cli": "HTTP", "provisioners": "base", "sandbox": "REST"}


def layers() -> list[list[str]]:
    """The layers of the controller, the highest first; those of one line stand side by side."""
    contracts = ConfigParser()
    contracts.read(ROOT / ".importlinter")
    lines = contracts["importlinter:contract:layers"]["layers"].split("\n")
    return [re.findall(r"\w+", line) for line in lines if line.strip() and "__main__" not in line]


def sentence(package: str) -> str:
    """What a package or module is, as its docstring begins."""
    path = ROOT / package
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    text = ast.get_docstring(ast.parse(path.read_text())) or ""
    return (
        text.partition("\n\n")[0].replace("\n", " ").replace("`", "").partition(". ")[0].rstrip(".")
    )


def _box(x: int, y: int, wide: int, package: str, kind: str) -> str:
    name = package.removeprefix("controller/")
    told = wrap(sentence(package), wide // 7, max_lines=2, placeholder=" …")
    lines = "".join(
        f'<text x="{x + 14}" y="{y + 40 + 14 * row}" class="told">{escape(line)}</text>'
        for row, line in enumerate(told)
    )
    return (
        f'<rect x="{x}" y="{y}" width="{wide}" height="{_HIGH}" rx="8" class="{kind}"/>'
        f'<text x="{x + 14}" y="{y + 22}" class="name">{escape(name)}</text>{lines}'
    )


def _arrow(x1: int, y1: int, x2: int, y2: int, label: str = "") -> str:
    line = f'<path d="M{x1} {y1} L{x2} {y2}" class="arrow" marker-end="url(#head)"/>'
    where = f'x="{(x1 + x2) // 2}" y="{y1 - 6}" text-anchor="middle"'
    return line + (f'<text {where} class="told">{escape(label)}</text>' if label else "")


def drawn() -> str:
    """The picture."""
    parts, y = [], _TOP
    found = layers()
    for number, names in enumerate(found):
        # What speaks with something beside it stands next to it.
        names.sort(key=lambda name: name in _BESIDES)
        wide = (_WIDE - _GAP * (len(names) - 1)) // len(names)
        for place, name in enumerate(names):
            parts.append(_box(_LEFT + place * (wide + _GAP), y, wide, f"controller/{name}", "ours"))
        for name in names:
            if beside := _BESIDES.get(name):
                parts.append(_box(_RIGHT, y, _BESIDE, beside, "beside"))
                ends = (_LEFT + _WIDE, _RIGHT)
                start, end = reversed(ends) if beside == "cli" else ends
                parts.append(_arrow(start, y + _HIGH // 2, end, y + _HIGH // 2, _WAYS[beside]))
        if number + 1 < len(found):
            parts.append(
                _arrow(_LEFT + _WIDE // 2, y + _HIGH, _LEFT + _WIDE // 2, y + _HIGH + _GAP)
            )
        y += _HIGH + _GAP
    boxes = "\n".join(parts)
    wide, high = _RIGHT + _BESIDE + _LEFT, y + 10
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" role="img">
<title>The layers of the controller: imports point down</title>
<style>
text {{ font-family: system-ui, sans-serif; fill: #1c2321 }}
.name {{ font-size: 15px; font-weight: 600 }} .told {{ font-size: 12px; fill: #4d5955 }}
.ours {{ fill: #e3f1ec; stroke: #0d6b5c }} .beside {{ fill: #fffefb; stroke: #8a938f }}
.arrow {{ stroke: #4d5955; stroke-width: 1.5 }}
</style>
<defs><marker id="head" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">
<path d="M0 0 L8 4 L0 8 z" fill="#4d5955"/></marker></defs>
<rect width="{wide}" height="{high}" fill="#f6f4ef"/>
{boxes}
</svg>
"""


if __name__ == "__main__":
    PICTURE.write_text(drawn())
