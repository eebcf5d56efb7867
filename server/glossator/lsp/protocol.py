"""The types of Glossator's custom messages. docs/protocol.md describes them; the extension mirrors them.

Field names are snake_case here and camelCase in messages (`lsp/message_conversion.py`). Ranges and positions are
LSP's, in the negotiated position encoding.
"""

from __future__ import annotations

from typing import Literal

import attrs
from lsprotocol import types  # noqa: TC002 - attrs resolves annotations at run time

ASK = "glossator/ask"
EXPLAIN = "glossator/explain"
SEARCH = "glossator/search"
STATUS = "glossator/status"
REINDEX = "glossator/reindex"
PREPARE = "glossator/prepare"
CHAT = "glossator/chat"
REBUILD = "glossator/rebuild"
FORGET = "glossator/forget"
USES = "glossator/uses"
STATUS_CHANGED = "glossator/statusChanged"

ChatRole = Literal["system", "user", "assistant"]
FinishReason = Literal["stop", "length", "evidence"]
IndexState = Literal["indexing", "ready", "failed"]
ModelState = Literal["none", "loading", "ready", "busy", "failed", "stopping"]


@attrs.frozen(kw_only=True)
class Scope:
    """Restricts a search. Empty lists restrict nothing; globs are relative to a workspace folder."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Place:
    """A range of a document."""

    uri: str
    range: types.Range


@attrs.frozen(kw_only=True)
class AskParams:
    """`glossator/ask`. `position` or `range` in `text_document` select what the question is about."""

    question: str
    text_document: types.TextDocumentIdentifier | None = None
    position: types.Position | None = None
    range: types.Range | None = None
    scope: Scope | None = None
    conversation_id: str | None = None
    pinned: tuple[Place, ...] = ()
    """Evidence that must be shown to the model."""
    removed: tuple[Place, ...] = ()
    """Evidence that must not be."""
    index_only: bool = False
    """Whether the index alone is to answer, also where there is a model."""
    partial_result_token: int | str | None = None
    work_done_token: int | str | None = None


@attrs.frozen(kw_only=True)
class ExplainParams:
    """`glossator/explain`."""

    text_document: types.TextDocumentIdentifier
    position: types.Position
    index_only: bool = False
    partial_result_token: int | str | None = None
    work_done_token: int | str | None = None


@attrs.frozen(kw_only=True)
class SearchParams:
    """`glossator/search`."""

    query: str
    limit: int | None = None
    scope: Scope | None = None
    team: bool = False
    """Whether to search the team's other repositories too."""
    work_done_token: int | str | None = None


@attrs.frozen(kw_only=True)
class UsesParams:
    """`glossator/uses`: the symbol at a position, or the symbols of a name."""

    text_document: types.TextDocumentIdentifier | None = None
    position: types.Position | None = None
    name: str | None = None
    kinds: tuple[str, ...] = ()
    """Only these kinds of uses; empty for all."""
    depth: int | None = None
    """Levels of callers of callers to follow; none without it."""
    enclosing: bool = False
    """Whether the definition around the position is meant, whatever the name there refers to."""


@attrs.frozen(kw_only=True)
class StatusParams:
    """`glossator/status`: no parameters."""


@attrs.frozen(kw_only=True)
class ReindexParams:
    """`glossator/reindex`. `root` is the URI of one workspace folder; without it, all are compared."""

    root: str | None = None


@attrs.frozen(kw_only=True)
class RebuildParams:
    """`glossator/rebuild`. `root` is the URI of one workspace folder; without it, all indexes are built again."""

    root: str | None = None


@attrs.frozen(kw_only=True)
class ForgetParams:
    """`glossator/forget`. `root` is the URI of one workspace folder; without it, all indexes are deleted."""

    root: str | None = None


@attrs.frozen(kw_only=True)
class PrepareParams:
    """`glossator/prepare`. The document tells which workspace folder a question is likely to be about."""

    text_document: types.TextDocumentIdentifier | None = None


@attrs.frozen(kw_only=True)
class ChatTurn:
    """A message of a conversation with the model."""

    role: ChatRole
    text: str


@attrs.frozen(kw_only=True)
class ChatParams:
    """`glossator/chat`: a conversation that the model goes on with, without the index."""

    messages: tuple[ChatTurn, ...]
    max_tokens: int | None = None
    """Of the answer; by default the setting `maxAnswerTokens`."""
    partial_result_token: int | str | None = None
    work_done_token: int | str | None = None


@attrs.frozen(kw_only=True)
class Citation:
    """A place that the answer cites as [number]."""

    number: int
    uri: str
    range: types.Range
    qualified_name: str
    commit: str = ""
    """The hash of the commit that it is cited for: the range is what the commit left. "" for code as it is."""


@attrs.frozen(kw_only=True)
class Evidence:
    """A place that was shown to the model (or used for an answer from the index alone), and why."""

    number: int
    uri: str
    range: types.Range
    qualified_name: str
    kind: str
    why: str
    tokens: int
    commit: str = ""
    """The hash of the commit that it is evidence of; `why` has its date and subject. "" for code as it is."""


@attrs.frozen(kw_only=True)
class Usage:
    """Tokens and time used. All 0 for an answer from the index alone."""

    prompt_tokens: int = 0
    reused_tokens: int = 0
    completion_tokens: int = 0
    time_to_first_token_ms: float = 0.0
    tokens_per_second: float = 0.0


@attrs.frozen(kw_only=True)
class SymbolPlace:
    """A definition; `range` is that of its name."""

    uri: str
    range: types.Range
    kind: str
    name: str
    qualified_name: str


@attrs.frozen(kw_only=True)
class UsePlace:
    """A place that uses a symbol."""

    uri: str
    range: types.Range
    """The name."""
    kind: str
    """One of `retrieval.use_records.USE_KINDS`: "call", "type", "import", "write", ..., "override"."""
    grade: str
    """"resolved", or "possible" if the name fits and what stands before it is not known."""
    symbol: str
    """Qualified name of the definition around it; "" outside all."""
    test: bool
    """Whether it is in a test."""
    code: str
    """The line, without indentation."""


@attrs.frozen(kw_only=True)
class SymbolCaller:
    """A caller of the symbol, or a caller of one that is one level nearer."""

    symbol: SymbolPlace
    depth: int
    calls: str
    """Qualified name of what it calls."""


@attrs.frozen(kw_only=True)
class SymbolUses:
    """The uses of one symbol."""

    symbol: SymbolPlace
    uses: tuple[UsePlace, ...]
    """By file and line."""
    unread_files: int
    """Files that mention the name and were not examined, because there are too many."""
    unused: bool
    """Whether nothing uses it, as far as can be known."""
    callers: tuple[SymbolCaller, ...] = ()
    """Filled if a depth was asked for."""


@attrs.frozen(kw_only=True)
class UsesResult:
    """Result of `glossator/uses`: one item per definition of the name."""

    symbols: tuple[SymbolUses, ...]


@attrs.frozen(kw_only=True)
class SentenceSource:
    """What a sentence of an answer rests on; `start` and `end` are offsets in UTF-16 code units."""

    start: int
    end: int
    places: tuple[Citation, ...]


@attrs.frozen(kw_only=True)
class AskResult:
    """Result of `glossator/ask` and `glossator/explain`."""

    answer: str
    citations: tuple[Citation, ...]
    evidence: tuple[Evidence, ...]
    model: str
    """Name of the model; "" for an answer from the index alone."""
    finish_reason: FinishReason
    conversation_id: str
    usage: Usage
    unsupported: tuple[tuple[int, ...], ...] = ()
    """Sentences of `answer` without a citation: start and end offsets in UTF-16 code units. Empty without a model."""
    uses: tuple[SymbolUses, ...] = ()
    """All uses of the symbols that were asked for, if the question was about uses."""
    sources: tuple[SentenceSource, ...] = ()
    """The lines that each sentence rests on. Empty without a model."""
    unknown: tuple[tuple[int, ...], ...] = ()
    """Names in `answer` that occur nowhere in the code: start and end offsets in UTF-16 code units."""
    weak: bool = False
    """Whether the evidence does not support most of what the model wrote: `answer` begins with the index's own."""
    from_index: tuple[int, ...] = ()
    """Where the index's own answer stands in `answer`, beside a model's: start and end offset in UTF-16 code units.
    Empty if it does not."""


@attrs.frozen(kw_only=True)
class ChatResult:
    """Result of `glossator/chat`."""

    text: str
    model: str
    finish_reason: FinishReason
    usage: Usage


@attrs.frozen(kw_only=True)
class EvidenceProgress:
    """Sent once on the partialResultToken, before the first delta."""

    evidence: tuple[Evidence, ...]
    kind: Literal["evidence"] = "evidence"


@attrs.frozen(kw_only=True)
class FoundProgress:
    """Sent before the model is loaded or reads: the places that were found, and what the index itself can say."""

    places: tuple[Evidence, ...]
    answer: str
    """The index's own answer in Markdown; its numbers are those of `places`."""
    kind: Literal["found"] = "found"


@attrs.frozen(kw_only=True)
class LeadProgress:
    """What is to be read before all that was sent, in Markdown: the model's answer has turned out to be weak."""

    text: str
    kind: Literal["lead"] = "lead"


@attrs.frozen(kw_only=True)
class DeltaProgress:
    """A piece of the answer's Markdown."""

    text: str
    kind: Literal["delta"] = "delta"


@attrs.frozen(kw_only=True)
class SearchHit:
    """One hit of `glossator/search`."""

    uri: str
    range: types.Range
    kind: str
    name: str
    qualified_name: str
    score: float
    why: str


@attrs.frozen(kw_only=True)
class TeamHit:
    """A hit in another repository of the team, whose files are not on this machine."""

    repository: str
    commit: str
    path: str
    """Relative to the repository's top folder, with "/"."""
    start_line: int
    """Of that commit, counted from 1, as people and repositories on the web count."""
    end_line: int
    kind: str
    name: str
    qualified_name: str
    score: float
    """Only roughly comparable with those of another repository."""
    why: str


@attrs.frozen(kw_only=True)
class SearchResult:
    """Result of `glossator/search`, best first."""

    hits: tuple[SearchHit, ...]
    team: tuple[TeamHit, ...] = ()
    """What the team's other repositories have, if `SearchParams.team` asked for it."""
    problems: tuple[str, ...] = ()
    """What of the team's could not be searched, and why."""
    uncollected_files: int = 0
    """Files whose imports and uses of names are still being collected: a name that is only passed on in them, by a
    re-export, is not found yet."""


@attrs.frozen(kw_only=True)
class SkippedFile:
    """A file that is not indexed, and why."""

    uri: str
    reason: str


@attrs.frozen(kw_only=True)
class IndexStatus:
    """Totals of the index over all roots. `pending` is the number of files waiting to be indexed."""

    state: IndexState
    files: int
    symbols: int
    pending: int
    skipped: int
    """Number of skipped files; `RootStatus.skipped` lists them."""


@attrs.frozen(kw_only=True)
class ModelStatus:
    """The model; `device` is the one actually in use ("CPU, 3 threads", "CUDA, 29 of 29 layers")."""

    state: ModelState
    name: str
    device: str
    context_tokens: int
    reason: str = ""
    """Why there is none, or why it failed."""


@attrs.frozen(kw_only=True)
class Download:
    """How far the download of a team's index is; `total_bytes` is 0 while that is not known."""

    done_bytes: int
    total_bytes: int


@attrs.frozen(kw_only=True)
class TeamStart:
    """What was done with the team's index for a workspace folder that had no index yet."""

    mounted: bool
    repository: str = ""
    commit: str = ""
    reason: str = ""
    """Why the folder was indexed without it."""


@attrs.frozen(kw_only=True)
class RootStatus:
    """One workspace folder."""

    uri: str
    state: IndexState
    files: int
    symbols: int
    pending: int
    watching: str
    """How changes are detected: "client", "inotify", "native", or "polling" or "waiting" with the reason."""
    skipped: tuple[SkippedFile, ...] = ()
    message: str = ""
    """What went wrong, and what to do, when the state is "failed"."""
    updates: int = 0
    """How often the index has changed since the folder was opened."""
    lines: int = 0
    """Lines of the indexed files."""
    size_bytes: int = 0
    """Size of the index on disk."""
    index_folder: str = ""
    """Path of the folder that holds the index."""
    skipped_files: int = 0
    """Number of skipped files; `skipped` may list fewer."""
    uncollected_files: int = 0
    """Number of files that can be searched, and whose uses of names are still being collected."""
    download: Download | None = None
    """The download that the index will start from."""
    team: TeamStart | None = None
    """What the index was started from, if a team is set or was."""


@attrs.frozen(kw_only=True)
class StatusResult:
    """Result of `glossator/status`, and params of `glossator/statusChanged`."""

    index: IndexStatus
    model: ModelStatus
    roots: tuple[RootStatus, ...]
    team: bool = False
    """Whether the user has set a team: its other repositories can be searched."""
