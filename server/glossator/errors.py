"""Every error that Glossator raises on purpose.

A message says what is wrong and what to do about it, in one line that can be shown to a user as it is. The command
line writes it to stderr and exits with status 1; the language server sends it as an error reply. Any other exception
that gets that far is a defect.

    GlossatorError
    ├── UsageError            the request makes no sense as given (exit status 2)
    ├── SettingsError         a setting has a value that cannot be used
    ├── WorkspaceError        a root or a file cannot be read
    ├── StoreError            the index cannot be opened or written
    │   ├── StoreLockedError      another process is writing it
    │   ├── StoreCorruptError     its files are damaged
    │   ├── StoreTooNewError      a newer Glossator wrote it
    │   └── StoreFullError        the disk is full
    ├── EmbeddingError        an embedder cannot be loaded, or failed
    ├── SymbolNotFoundError   no symbol at that place or of that name
    ├── ModelError            the language model cannot answer
    │   ├── ModelNotFoundError    no such file or catalogue entry
    │   ├── ModelInvalidError     not a usable GGUF file
    │   ├── ModelTooLargeError    will not fit into memory
    │   ├── ModelRuntimeError     the runtime is missing or failed to start
    │   ├── ModelCrashedError     its process ended while it was needed
    │   └── ModelTimeoutError     it did not answer within its deadline
    ├── AdaptationError       an adaptation to a project cannot be made or used
    ├── DownloadError         a model or the runtime could not be fetched or verified
    │   └── WrongChecksumError    it is not the file that it should be
    ├── TeamError             a team's index cannot be used
    │   ├── TeamAccessError       the storage does not let this user do that
    │   ├── TeamStorageError      the storage failed, and may work another time
    │   └── TeamTrustError        a signature or a hash is wrong
    └── CancelledByUser       the user stopped it
"""

import tokenize
from typing import Final

DAMAGED_ARRAY: Final = (ValueError, EOFError, SyntaxError, TypeError, tokenize.TokenError)
"""What numpy raises for the file of an array that is damaged: it reads a header as it reads source code."""


class GlossatorError(Exception):
    """Base of all errors that are meant to be shown to a user."""


class UsageError(GlossatorError):
    """The request makes no sense as given."""


class SettingsError(GlossatorError):
    """A setting has a value that cannot be used."""


class WorkspaceError(GlossatorError):
    """A root or a file cannot be read."""


class StoreError(GlossatorError):
    """The index cannot be opened or written."""


class StoreLockedError(StoreError):
    """Another process is writing this index."""


class StoreCorruptError(StoreError):
    """The index's files are damaged."""


class StoreTooNewError(StoreError):
    """A newer Glossator wrote this index."""


class StoreFullError(StoreError):
    """There is no room left where the index is kept."""


class EmbeddingError(GlossatorError):
    """An embedder cannot be loaded, or failed."""


class SymbolNotFoundError(GlossatorError):
    """No symbol at that place or of that name."""


class ModelError(GlossatorError):
    """The language model cannot answer."""


class ModelNotFoundError(ModelError):
    """No such model file or catalogue entry."""


class ModelInvalidError(ModelError):
    """Not a GGUF file that llama.cpp can use."""


class ModelTooLargeError(ModelError):
    """The model will not fit into the memory that is free."""


class ModelRuntimeError(ModelError):
    """The llama.cpp runtime is missing or failed to start."""


class ModelCrashedError(ModelError):
    """The model's process ended while it was needed."""


class ModelTimeoutError(ModelError):
    """The model did not answer within its deadline."""


class AdaptationError(GlossatorError):
    """An adaptation to a project cannot be made, or is not what it should be."""


class DownloadError(GlossatorError):
    """A model or the runtime could not be fetched or verified."""


class WrongChecksumError(DownloadError):
    """What was downloaded is not the file that it should be."""


class TeamError(GlossatorError):
    """A team's index cannot be used."""


class TeamAccessError(TeamError):
    """The storage does not let this user do that."""


class TeamStorageError(TeamError):
    """The storage of a team's index failed, and may work another time."""


class TeamTrustError(TeamError):
    """A signature or a hash of a team's index is wrong."""


class CancelledByUser(GlossatorError):  # noqa: N818 - a decision, not a failure
    """The user stopped it."""
