"""Reads a problem report: title, prose, code, output, traces, errors, names. This module does not know the index.

People paste what they have: a description, a snippet, a trace, versions, an issue template half filled in. Each part
can tell something else, so that a search asks for each (`report_search.py`), and what a template, a checklist or a dump
of an environment contains is left out.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from glossator.data_files import data_text
from glossator.retrieval.query import MAX_SCANNED, MentionedPlace, written_places

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LEAST_REPORT_WORDS = 30
"""A text with fewer words is a question, as is any text of one line, however long."""
LEAST_PROSE = 15
"""A text that begins with an error or a frame and has fewer words beside them is only a trace."""
MAX_PROSE = 1_500
"""Characters of prose that are used; what follows hardly tells where the problem is."""
MAX_CODE = 3_000
"""Characters of code that are used."""
MAX_FRAMES = 24
MAX_MESSAGES = 4
MAX_NAMES = 48

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_TAG = re.compile(
    r"</?(?:details|summary|br|p|b|i|u|em|strong|tt|sub|sup|kbd|div|span|pre|code|img|a)\b[^>\n]{0,300}>", re.IGNORECASE
)
_LINK = re.compile(r"!?\[([^\]\n]{0,300})\]\((?:[^()\n]|\([^()\n]*\)){0,500}\)")
_ADDRESS = re.compile(r"\b(?:https?|file|ftp)://[^\s)>\]]+")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})\s*([\w+#.-]*)")
_PROMPT = re.compile(
    r"^\s{0,8}(?:>>>|\.\.\.(?= |$)|In \[\d+\]:|\s{2,}\.{3,}:|(?:irb|pry)\([^)\n]*\)[^>\n]*>|iex(?:\(\d+\))?>"
    r"|> (?=[\w(]))\s?"
)
_SHELL = re.compile(r"^\s{0,8}(?:\([\w.-]+\) )?(?:[\w.-]+@[\w.-]+[^\n$#%]{0,60})?[$%] (?=\S)")
_HEADING = re.compile(
    r"^\s{0,3}(?:#{1,6}\s+(?P<hash>.+?)\s*#*|\*\*(?P<bold>[^*\n]{2,80})\*\*:?|(?P<plain>[A-Z][\w /-]{2,40}):)\s*$"
)
_CHECKBOX = re.compile(r"^\s*[-*+] \[[ xX]\] ")
_NO_ANSWER = re.compile(r"^\s*_?\*?(?:no response|n/?a|none)\*?_?\.?\s*$", re.IGNORECASE)
_VERSION_LINE = re.compile(
    r"^\s*[-*]?\s*[\w.+()/ -]{1,40}(?::|==|=|\s)\s*(?:v?\d+(?:\.[\w+-]+)+.*|None|True|False|\w+/\w+|[\w.-]{0,30})\s*$"
)
_VERSION = re.compile(r"\d\.\d|: None")
_ENVIRONMENT = re.compile(
    r"\b(?:environment|versions?|installed (?:versions|packages)|system (?:info|information|details)|operating system"
    r"|platform|os(?: ?/ ?\w+)?|dependencies|setup|pip (?:list|freeze)|show_versions|checklist|before submitting"
    r"|code of conduct|contribut\w+|preflight|are you willing)\b",
    re.IGNORECASE,
)
"""Headings above what says nothing of the code."""
_ERROR = re.compile(
    r"^[ \tE>*-]*(?:Uncaught |Unhandled |Exception in thread \"[^\"\n]*\" |thread '[^'\n]*' |Caused by: |fatal: |--- )?"
    r"(?P<kind>(?:[\w$]+(?:\.|::|\\))*[A-Z][\w$]*(?:Error|Exception|Warning|Failure|Fault|Panic|Exit|Interrupt)\b"
    r"|panicked at|panic|error(?:\[\w+\])?|fatal error|Fatal error)(?::|,| -) ?(?P<text>[^\n]{0,400})$",
    re.MULTILINE,
)
_RAISED = re.compile(r"(?<![\w.])(?:[A-Z][a-z]\w*)?(?:Error|Exception)\b(?::| -) ([^\n]{4,300})")
_TRACE_START = re.compile(r"^\s*(?:Traceback \(most recent call last\)|-{20,}\s*$)")
_IPYTHON_FRAME = re.compile(
    r"^\s*\[?(?:File )?(?P<path>[~/.\w][^\s:()\[\]]{0,300}\.\w{1,4}|[A-Za-z]:\\[^\s:()\[\]]{1,300}\.\w{1,4})\]?"
    r"(?:\([^)\n]{0,400}\))?(?::(?P<line>\d+))?,? in (?P<function>[\w.<>]+)\b"
)
_ARROW = re.compile(r"^\s*-+>\s*(\d+)\s?(.*)$")
_LISTED = re.compile(r"^\s{0,6}\d{1,5}(?: |$)")
_PYTEST_FRAME = re.compile(
    r"^(?P<path>[\w./\\-]+\.py):(?P<line>\d+): (?:in (?P<function>\w+)|\w*(?:Error|Exception)\b)?"
)
_PYTHON_FRAME = re.compile(r'^\s*(?:\S{0,3}\s)?File "([^"\n]{1,500})", line (\d+)(?:, in ([\w.<>]+))?')
_OTHER_FRAME = re.compile(
    r"^\s*(?:at \S|#\d+ |\d+: +0x|\d+:\s+\S+::|from \S+:\d+|\S+\.go:\d+|goroutine \d+|\.\.\. \d+ more|-->)"
)
_PRINTED = re.compile(r"^\s*(?:\S+?:\d+(?::\d+)?:|\S+\(\d+(?:,\d+)?\): |[=*_+-]{4,}|(?:goroutine|thread) )")
_IMPORT = re.compile(
    r"^\s*(?:from\s+(?P<module>[.\w]+)\s+import\s+(?P<members>\(?[\w, *]+)"
    r"|import\s+(?P<whole>[\w.]+(?:\s+as\s+\w+)?(?:\s*,\s*[\w.]+(?:\s+as\s+\w+)?)*)\s*;?\s*$)",
    re.MULTILINE,
)
_CALL = re.compile(r"(?<![\w$.])((?:[A-Za-z_$][\w$]*(?:\.|::|->))*[A-Za-z_$][\w$]*[!?]?)\s?\(")
_MEMBER = re.compile(r"(?<![\w$])[A-Za-z_$][\w$]*(?:(?:\.|::|->)[A-Za-z_$][\w$]*)+")


@dataclass(frozen=True, slots=True)
class ProblemReport:
    """The parts of a report.

    Attributes:
        title: its first line of prose.
        prose: the other sentences, without code, output, templates and environments.
        code: statements of snippets and shell sessions, without their output.
        output: what a program printed: results, traces' source lines, logs.
        errors: messages of errors, the innermost first.
        frames: frames of traces, the innermost first; without traces, the places that the text names by line.
        calls: (qualified) names that the snippets call or read, as written, imported names by their modules; each once.
    """

    title: str
    prose: str
    code: str
    output: str
    errors: tuple[str, ...]
    frames: tuple[MentionedPlace, ...]
    calls: tuple[str, ...]


def read_report(text: str) -> ProblemReport | None:
    """The parts of a report; None if the text is a question, a name, a place or only a trace."""
    if "\n" not in text.strip() or len(text) < LEAST_REPORT_WORDS * 3:
        return None
    cut = text[:MAX_SCANNED].replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(cut.split()) < LEAST_REPORT_WORDS:
        return None
    lines = _LINK.sub(r"\1", _TAG.sub(" ", _COMMENT.sub("", cut))).split("\n")
    prose, code, output, frames = _split(lines)
    title = next((line for line in prose if line.strip()), "")
    first = next((line for line in lines if line.strip()), "")
    needed = LEAST_PROSE if _is_trace_line(first) or _ERROR.match(first) else 1
    written = (line for line in prose if not _is_trace_line(line) and not _ERROR.match(line))
    if not title or sum(len(line.split()) for line in written) < needed:
        return None
    rest = prose[prose.index(title) + 1 :]
    snippets = "\n".join(code)[:MAX_CODE]
    printed = "\n".join(output)
    places = frames or [place for place in written_places(cut) if place.line]
    return ProblemReport(
        title=_ADDRESS.sub(" ", title).strip().lstrip("# ")[:300],
        prose=_ADDRESS.sub(" ", "\n".join(rest))[:MAX_PROSE].strip(),
        code=snippets,
        output=printed[:MAX_SCANNED],
        errors=_errors(printed, cut),
        frames=tuple(places[:MAX_FRAMES]),
        calls=_calls(snippets),
    )


def _split(lines: Sequence[str]) -> tuple[list[str], list[str], list[str], list[MentionedPlace]]:
    """Lines of prose, of code, of output, and the frames of traces, the innermost first."""
    prose: list[str] = []
    code: list[str] = []
    output: list[str] = []
    traces: list[list[MentionedPlace]] = []
    ignored = False
    at = 0
    while at < len(lines):
        line = lines[at]
        fence = _FENCE.match(line)
        if fence:
            end = next(
                (
                    i
                    for i in range(at + 1, len(lines))
                    if lines[i].strip().startswith(fence[1]) and len(lines[i].strip()) < 6
                ),
                len(lines),
            )
            block = lines[at + 1 : end]
            at = end + 1
            if not ignored or _has_trace(block):
                _take_block(block, fence[2].lower(), code, output, traces)
            continue
        if line.startswith(("    ", "\t")) and (not at or not lines[at - 1].strip()):
            end = at
            while end < len(lines) and (lines[end].startswith(("    ", "\t")) or not lines[end].strip()):
                end += 1
            _take_block(
                [one[4:] if one.startswith("    ") else one[1:] for one in lines[at:end]], "", code, output, traces
            )
            at = end
            continue
        if _OTHER_FRAME.match(line):
            output.append(line)
            at += 1
            continue
        if _PROMPT.match(line) or _TRACE_START.match(line) or _is_frame(line):
            end = _end_of_session(lines, at)
            _take_block(lines[at:end], "", code, output, traces)
            at = end
            continue
        at += 1
        if heading := _HEADING.match(line):
            words = next(filter(None, heading.groups()))
            ignored = bool(_ENVIRONMENT.search(words)) and len(words.split()) <= 6
            if not ignored and not _is_template(words):
                prose.append(words)
        elif not (ignored or _CHECKBOX.match(line) or _NO_ANSWER.match(line) or _is_version(line)):
            prose.append(_inline(line))
    return prose, code, output, [frame for trace in traces for frame in trace]


def _inline(line: str) -> str:
    """A line of prose, without the template's heading before it ("**Describe the bug** it fails")."""
    found = re.match(r"\s*\*\*([^*\n]{2,60})\*\*:?\s+", line)
    return line[found.end() :] if found and _is_template(found[1]) else line


@cache
def _template_words() -> frozenset[str]:
    """Words of the headings of templates: a heading of these alone is no text of the reporter's."""
    data = json.loads(data_text("words.json"))
    return frozenset(data["report_template"].split())


def _is_template(heading: str) -> bool:
    words = re.findall(r"[a-z-]+", heading.lower().replace("'s", ""))
    return bool(words) and all(word in _template_words() for word in words)


def _is_version(line: str) -> bool:
    """Whether a line only says which version of something is used."""
    return bool(re.search(r"\d\.\d", line)) and len(line.split()) <= 6 and bool(_VERSION_LINE.match(line))


def _is_frame(line: str) -> bool:
    return bool(_PYTHON_FRAME.match(line) or (_IPYTHON_FRAME.match(line) and ("/" in line or "\\" in line)))


def _is_trace_line(line: str) -> bool:
    """Whether a line can only be from a trace, or from the output of a compiler or a test run."""
    return bool(_TRACE_START.match(line) or _is_frame(line) or _OTHER_FRAME.match(line) or _PRINTED.match(line))


def _has_trace(block: Iterable[str]) -> bool:
    return any(_TRACE_START.match(line) or _is_frame(line) for line in block)


def _end_of_session(lines: Sequence[str], start: int) -> int:
    """The line after an interactive session or a trace that is pasted without a fence: it ends at an empty line that no
    prompt, frame or indented line follows."""
    at = start + 1
    while at < len(lines):
        line = lines[at]
        if _FENCE.match(line):
            return at
        if not line.strip():
            following = next((one for one in lines[at : at + 3] if one.strip()), "")
            if not (
                following[:1].isspace()
                or _PROMPT.match(following)
                or _is_frame(following)
                or _ARROW.match(following)
                or _LISTED.match(following)
                or _ERROR.match(following)
            ):
                return at
        at += 1
    return at


def _take_block(
    block: Sequence[str], language: str, code: list[str], output: list[str], traces: list[list[MentionedPlace]]
) -> None:
    """Sort the lines of a block into code, output and frames."""
    filled = [line for line in block if line.strip()]
    if not filled:
        return
    if _is_environment(filled):
        return
    prompted = any(_PROMPT.match(line) and not line.lstrip().startswith("> ") for line in filled)
    shell = any(_SHELL.match(line) for line in filled) or language in ("shell", "console", "bash", "sh")
    frames: list[MentionedPlace] = []
    in_trace = False
    for number, line in enumerate(block):
        frame = _frame(line, block[number + 1 : number + 40])
        if frame is not None:
            frames.append(frame)
            in_trace = True
            continue
        if _TRACE_START.match(line):
            in_trace = True
        elif (prompted and (found := _PROMPT.match(line))) or (found := _SHELL.match(line)):
            in_trace = False
            code.append(line[found.end() :])
        elif in_trace or prompted or language in ("text", "output", "log", "pytb", "python-traceback", "console"):
            arrow = _ARROW.match(line)
            if arrow:
                output.append(arrow[2])
            elif not (_LISTED.match(line) and in_trace) and not _OTHER_FRAME.match(line):
                output.append(line)
        elif shell or _OTHER_FRAME.match(line) or _ERROR.match(line):
            output.append(line)
        else:
            code.append(line)
    if frames:
        traces.append(frames[::-1])


def _is_environment(lines: Sequence[str]) -> bool:
    """Whether a block is a dump of an environment: hardly any lines but those that say which version is used."""
    if len(lines) <= 3 or sum(bool(_VERSION.search(line)) for line in lines) <= 0.3 * len(lines):
        return False
    return sum(bool(_VERSION_LINE.match(line)) for line in lines) > 0.6 * len(lines)  # the costly half


def _frame(line: str, following: Sequence[str]) -> MentionedPlace | None:
    """The frame that a line of a trace of Python shows (of other languages `query.parse_query` knows them)."""
    if found := _PYTHON_FRAME.match(line):
        return MentionedPlace(found[1].replace("\\", "/"), int(found[2]), _bare(found[3] or ""))
    if (found := _IPYTHON_FRAME.match(line)) or (found := _PYTEST_FRAME.match(line)):
        number = found["line"]
        if number is None:
            for one in following:
                if arrow := _ARROW.match(one):
                    number = arrow[1]
                    break
                if _IPYTHON_FRAME.match(one):
                    break
        path = found["path"].replace("\\", "/")
        return MentionedPlace(path, int(number) if number else None, _bare(found["function"] or ""))
    return None


def _bare(function: str) -> str:
    name = function.rpartition(".")[2]
    return "" if name.startswith("<") else name


def _errors(printed: str, whole: str) -> tuple[str, ...]:
    """The messages of errors in what was printed, or else in the text, the last first: it is what reached the user."""
    found: dict[str, None] = {}
    for text in (printed, whole):
        for match in reversed(list(_ERROR.finditer(text))):
            message = f"{match['kind']}: {match['text']}".strip()
            found.setdefault(message[:300])
        for match in _RAISED.finditer(text):
            if not any(match[1].strip() in message for message in found):
                found.setdefault(match[1].strip()[:300])
        if found:
            break
    return tuple(found)[:MAX_MESSAGES]


def _calls(code: str) -> tuple[str, ...]:
    """The names that code calls, reads as members or imports, imported ones by their modules."""
    modules: dict[str, str] = {}
    found: dict[str, None] = {}
    for match in _IMPORT.finditer(code):
        if match["module"]:
            for member in match["members"].strip("( ").split(","):
                name, _, alias = member.strip().partition(" as ")
                if re.fullmatch(r"\w+", name):
                    modules[alias.strip() or name] = f"{match['module']}.{name}"
                    found.setdefault(f"{match['module']}.{name}")
        else:
            for whole in match["whole"].split(","):
                name, _, alias = whole.strip().partition(" as ")
                modules[alias.strip() or name] = name
    for match in (*_CALL.finditer(code), *_MEMBER.finditer(code)):
        written = re.sub(r"::|->", ".", match[1] if match.re is _CALL else match[0])
        first, dot, rest = written.partition(".")
        found.setdefault(f"{modules[first]}{dot}{rest}" if first in modules else written)
    return tuple(found)[:MAX_NAMES]
