"""The directive ``{reference} module``: one section for each public name of a module, made from its docstring.

Docstrings are plain text with sections (Args, Returns, Raises, Shapes, Example, Source) and indented formulas; here
they become Markdown. The package is imported, so what is shown is what `help()` shows.
"""

import importlib
import inspect
import re
import textwrap
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive, directives
from docutils.statemachine import StringList

SECTION = re.compile(r"^(Args|Returns|Raises|Shapes|Shape|Example|Examples|Note|Source|Yields|Attributes):\s*(.*)$")
ITEM = re.compile(r"^(\*{0,2}[\w., /*]+?)(?: \(.*\))?: +(.*)$")


def escaped(text):
    """Text in which Markdown finds no markup, but code between backquotes stays code."""
    parts = re.split(r"(`+[^`]+`+)", text)
    return "".join(part if i % 2 else re.sub(r"([\\*_<>\[\]|~$#])", r"\\\1", part) for i, part in enumerate(parts))


def code(lines, language=""):
    """A code block."""
    return [f"```{language}", *textwrap.dedent("\n".join(lines)).strip("\n").split("\n"), "```", ""]


def items(lines):
    """An Args or Raises section: a list with the names as code."""
    result = []
    for line in textwrap.dedent("\n".join(lines)).split("\n"):
        found = ITEM.match(line)
        if found:
            result.append(f"- `{found[1]}`: {escaped(found[2])}")
        elif line.strip():
            result.append(("  " if result else "") + escaped(line.strip()))
    return [*result, ""]


def blocks(lines):
    """Paragraphs, and what is indented as code."""
    result, block = [], []
    for line in [*lines, "end"]:
        if line.startswith("    ") or (block and not line.strip()):
            block.append(line)
            continue
        if block:
            is_session = any(text.strip().startswith(">>>") for text in block)
            result += ["", *code(block, "pycon" if is_session else "text")]
            block = []
        result.append(escaped(line))
    return result[:-1]


def markdown(doc):
    """A docstring as lines of Markdown."""
    sections, current = [("", [])], None
    for line in inspect.cleandoc(doc).split("\n"):
        found = SECTION.match(line)
        if found:
            current = (found[1], [f"    {found[2]}"] if found[2] else [])
            sections.append(current)
        elif current and line and not line.startswith(" "):
            current = None
            sections.append(("", [line]))
        else:
            sections[-1][1].append(line)
    result = []
    for name, lines in sections:
        if not name:
            result += blocks(lines)
        elif name in ("Example", "Examples"):
            result += [f"**{name}**", "", *code(lines, "pycon")]
        else:
            result += [f"**{name}**", "", *items(lines)]
        result.append("")
    return result


def signature(name, thing, doc):
    """The lines that show the call, and the docstring without them."""
    if hasattr(thing, "signature"):  # an operation: its docstring begins with its signatures
        lines, _, rest = doc.partition("\n\n")
        return lines.split("\n"), rest
    if not (inspect.isclass(thing) or inspect.isfunction(thing)):
        return [], doc
    try:
        call = f"{name}{inspect.signature(thing)}"
    except (TypeError, ValueError):
        return [], doc
    call = re.sub(r"'([\w. |\[\],]+)'(?=[,) =]|$)", r"\1", call)  # annotations are strings
    if inspect.isclass(thing):
        call = call.removesuffix(" -> None")
    return textwrap.wrap(call, 100, subsequent_indent="    ", break_long_words=False), doc


def public_names(module):
    """What the module offers: __all__, or what it defines without a leading underscore."""
    names = getattr(module, "__all__", None) or [n for n, v in vars(module).items() if n[0] != "_" and callable(v)]
    in_place = {n for n in names if n.endswith("_") and n[:-1] in names}  # their docstring is that of the plain form
    return sorted(set(names) - in_place, key=str.lower)


class Reference(Directive):
    """Sections for the names of a module, or for the methods of a class."""

    required_arguments = 1
    option_spec: ClassVar = {"only": directives.unchanged, "class": directives.unchanged}

    def run(self):
        """The nodes."""
        owner = importlib.import_module(self.arguments[0])
        prefix = self.arguments[0]
        if "class" in self.options:
            owner = getattr(owner, self.options["class"])
            prefix += "." + self.options["class"]
            names = sorted(n for n in dir(owner) if not n.startswith("_"))
        else:
            names = self.options["only"].split() if "only" in self.options else public_names(owner)
        return [node for name in names for node in self.section(f"{prefix}.{name}", name, getattr(owner, name))]

    def section(self, full_name, name, thing):
        """A title, the signature and the docstring of one name."""
        doc = inspect.getdoc(thing)
        if inspect.ismodule(thing) or not doc or not (callable(thing) or isinstance(thing, property)):
            return []
        section = nodes.section(ids=[full_name], names=[full_name])
        section += nodes.title("", name)
        call, doc = signature(name, thing, doc)
        lines = (code(call) if call else []) + markdown(doc)
        section.document = self.state.document
        self.state.nested_parse(StringList(lines, source=full_name), 0, section)
        return [section]


def setup(app):
    """Sphinx calls this."""
    app.add_directive("reference", Reference)
    return {"version": "1", "parallel_read_safe": True}
