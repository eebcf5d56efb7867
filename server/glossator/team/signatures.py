"""Signs documents with ed25519 and checks them; the one importer of `cryptography`.

A signed document is one line with the format's name, the key that signed it and the signature, followed by the
document. What is signed begins with the document's kind, so that a document of one kind is never taken for another.
Public keys are written as `ed25519-<base64>`.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING

from glossator.errors import TeamError, TeamTrustError
from glossator.private_files import make_private_file
from glossator.team.storage import MISSING_LIBRARY

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_MARK = b"glossator-team-1"
_PREFIX = "ed25519-"
_KEY_BYTES = 32


class Signer:
    """Signs with one private key."""

    def __init__(self, seed: bytes) -> None:
        try:
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        except ImportError as error:
            raise TeamError(MISSING_LIBRARY) from error
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = _PREFIX + base64.b64encode(self._key.public_key().public_bytes_raw()).decode("ascii")

    @classmethod
    def create(cls, path: Path) -> Signer:
        """Make a key and write it to a new file that only the user can read.

        Raises:
            TeamError: there is such a file, it cannot be written, or `cryptography` is not installed.
        """
        try:
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
            from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
        except ImportError as error:
            raise TeamError(MISSING_LIBRARY) from error

        if path.exists():
            raise TeamError(f"{path} exists already: a key is never overwritten")
        key = Ed25519PrivateKey.generate()
        try:
            make_private_file(path)
            path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        except OSError as error:
            raise TeamError(f"cannot write {path}: {error.strerror or error}") from error
        return cls(key.private_bytes_raw())

    @classmethod
    def load(cls, path: Path) -> Signer:
        """Read a key that `create` or OpenSSL has written: PKCS #8 in PEM, without a password.

        Raises:
            TeamError: it cannot be read, or is no such key.
        """
        try:
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
            from cryptography.hazmat.primitives.serialization import load_pem_private_key
        except ImportError as error:
            raise TeamError(MISSING_LIBRARY) from error
        try:
            key = load_pem_private_key(path.read_bytes(), None)
        except OSError as error:
            raise TeamError(f"cannot read the key {path}: {error.strerror or error}") from error
        except (ValueError, TypeError) as error:
            raise TeamError(f"{path} does not hold an ed25519 key in PEM without a password") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise TeamError(f"{path} holds a key of another kind: make one with `glossator team keygen`")
        return cls(key.private_bytes_raw())

    def signed(self, kind: str, document: bytes) -> bytes:
        """The document with a signature before it."""
        signature = base64.b64encode(self._key.sign(_message(kind, document)))
        return b" ".join((_MARK, self.public_key.encode("ascii"), signature)) + b"\n" + document


def verified(kind: str, content: bytes, trusted: Sequence[str], *, name: str) -> bytes:
    """The document of a signed content, which `name` describes in messages.

    Raises:
        TeamTrustError: it is not signed with one of the trusted keys, or it was changed.
    """
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError as error:
        raise TeamError(MISSING_LIBRARY) from error
    line, newline, document = content.partition(b"\n")
    parts = line.split(b" ")
    if not newline or len(parts) != 3 or parts[0] != _MARK:
        raise TeamTrustError(f"{name} is not signed, or is incomplete: it is ignored")
    key = parts[1].decode("ascii", "replace")
    raw = _raw(key)
    if raw is None or key not in trusted:
        raise TeamTrustError(f"{name} is signed with a key that is not in the setting team_keys: it is ignored")
    try:
        Ed25519PublicKey.from_public_bytes(raw).verify(
            base64.b64decode(parts[2], validate=True), _message(kind, document)
        )
    except (InvalidSignature, binascii.Error) as error:
        raise TeamTrustError(f"the signature of {name} is wrong: it is ignored") from error
    return document


def _message(kind: str, document: bytes) -> bytes:
    return _MARK + b" " + kind.encode("ascii") + b"\n" + document


def _raw(key: str) -> bytes | None:
    """The bytes of a public key; None if it is none."""
    if not re.fullmatch(rf"{_PREFIX}[A-Za-z0-9+/]{{43}}=", key):
        return None
    try:
        raw = base64.b64decode(key.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        return None
    return raw if len(raw) == _KEY_BYTES else None
