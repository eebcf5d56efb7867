"""Make the general set that an adapted retriever must not be worse on: `make_general_set.py --mirrors MIRRORS`.

The questions are first sentences of doc comments, the answers the definitions without them, of repositories that the
shipped embedder was not trained on (`held_out` in train_embedder/repositories.json) and whose licences are permissive.
Of each text only its words are kept, in alphabetical order, which is all that the embedder reads.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
from pathlib import Path

from glossator.adapt.project_pairs import pairs_of_code
from glossator.index.embedding import FIELDS, plain
from glossator.index.language_detection import language_of
from glossator.index.parsing import parse
from glossator.index.terms import identifiers
from glossator.retrieval.kinds import is_test
from train_embedder.sources import SourceError, blobs, contents, git_folder, read_repositories

HERE = Path(__file__).resolve().parent
TARGET = HERE.parent / "server" / "glossator" / "data" / "general_questions.jsonl.gz"
REPOSITORIES = {
    "choosing": (
        *("fastify/fastify", "jhy/jsoup", "onevcat/Kingfisher", "typelevel/fs2", "karlseguin/http.zig"),
        *("restic/restic", "slimphp/Slim", "tj/git-extras"),
    ),
    "judging": ("celery/celery", "App-vNext/Polly", "dokku/dokku", "mitchellh/libxev"),
}
"""What the questions of which repository are for; the reports of `bench adapt_retriever` are about none of them."""
MOST = 220
"""Questions from one repository."""
SOURCE_BYTES = 2_500_000
TEXT_CHARS = 1200


def words(text: str) -> str:
    """The words that the embedder reads of a text, in alphabetical order."""
    return " ".join(sorted(identifiers(plain(text))))


def questions(mirrors: Path, name: str, revision: str) -> list[dict[str, str]]:
    """The questions of one repository, always the same ones."""
    folder = git_folder(mirrors, name)

    def order(text: str) -> bytes:
        return hashlib.blake2b(text.encode()).digest()

    wanted = [blob for blob in blobs(folder, revision) if 200 < blob.size < 200_000 and not is_test(blob.path)]
    files, read = {}, 0
    for blob, data in contents(folder, sorted(wanted, key=lambda one: order(one.path))):
        if language_of(blob.path) in ("text", "markdown"):
            continue
        try:
            files[blob.path] = parse(blob.path, data.decode("utf-8")).entries
        except UnicodeDecodeError:
            continue
        read += blob.size
        if read > SOURCE_BYTES:
            break
    found = {}
    for pair in pairs_of_code(files):
        if pair.kind == "doc":
            found.setdefault(pair.thing, pair)
    chosen = sorted(found.values(), key=lambda pair: order(f"{pair.thing}{pair.query}"))[:MOST]
    return [
        {
            "language": language_of(pair.thing.split("\0")[0]),
            "query": words(pair.query),
            **{field: words(getattr(pair, field)[:TEXT_CHARS]) for field in FIELDS},
        }
        for pair in chosen
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the general set of questions that ships with the package.")
    parser.add_argument("--mirrors", type=Path, required=True, help="folder of bare git folders, owner+name/repo")
    mirrors = parser.parse_args().mirrors
    known = {one.name: one for one in read_repositories(HERE / "train_embedder" / "repositories.json")}
    made: list[dict[str, str]] = []
    for use, name in ((use, name) for use, names in REPOSITORIES.items() for name in names):
        repository = known[name]
        if not repository.held_out:
            raise SystemExit(f"{name} was trained on")
        try:
            some = questions(mirrors, name, repository.revision)
        except SourceError as error:
            raise SystemExit(str(error)) from error
        print(f"{name}: {len(some)} questions, {repository.licence}")
        made.extend({"use": use, **one} for one in some)
    text = "".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in made)
    TARGET.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(f"{len(made)} questions, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
