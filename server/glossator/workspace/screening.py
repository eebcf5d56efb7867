"""The built-in rules: which folders and files are never indexed, independently of git, and why.

Tables and predicates on names and contents; this module does not access the disk.
"""

from __future__ import annotations

import re

from glossator.late_patterns import late
from glossator.workspace.notebook_names import is_notebook

UNLISTED_FOLDERS = frozenset(
    {
        ".git",
        ".hg",
        ".svn",
        ".bzr",
        ".jj",
        "_darcs",
        "CVS",
        "__pycache__",
        ".tox",
        ".nox",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".hypothesis",
        ".gradle",
        ".idea",
        ".vs",
        ".terraform",
        ".next",
        ".nuxt",
        ".svelte-kit",
        ".parcel-cache",
        ".turbo",
        ".cache",
        ".ccls-cache",
        ".clangd",
        ".dart_tool",
        ".bundle",
        ".eggs",
        ".ipynb_checkpoints",
        ".stack-work",
        ".Trash",
        "$RECYCLE.BIN",
        "System Volume Information",
    }
)
"""State and caches of tools: left out silently."""

VENDORED_FOLDERS = frozenset({"node_modules", "bower_components", "jspm_packages", "site-packages", "Pods", "Carthage"})
"""Third-party code, by unambiguous names: skipped, and reported once per folder."""

FOLDER_MARKERS = {
    "pyvenv.cfg": "a Python environment",
    "conda-meta": "a Python environment",
    "CACHEDIR.TAG": "a cache",
}
"""Names of entries that identify the kind of their folder."""

_VENDOR_MARKERS = frozenset({"modules.txt", "autoload.php", "bundle"})

_RULE_FILES = frozenset({".gitignore", ".glossatorignore", *FOLDER_MARKERS, "CMakeCache.txt"})


def is_rule_file(path: str) -> bool:
    """Whether creating, changing or deleting this file may change which other files are indexed."""
    folder, _, name = path.rpartition("/")
    return name in _RULE_FILES or (name in _VENDOR_MARKERS and folder.rpartition("/")[2] == "vendor")


_SECRET_FOLDERS = frozenset({".ssh", ".gnupg", ".password-store"})

_UNLISTED_FILES = frozenset({".git", ".DS_Store", "Thumbs.db", "desktop.ini", "4913"})
_TEMPORARY = late(r".*~|\.#.*|#.*#|\..*\.sw[a-p]|.*___jb_(?:tmp|old)___|\.goutputstream-.*", re.DOTALL)


def is_unlisted(name: str) -> bool:
    """Whether a file of this name is left out silently: a link to a repository, an editor's temporary files."""
    if name in _UNLISTED_FILES:
        return True
    # Few names have what the expression asks for, and it takes longer to ask.
    return (name[:1] in ".#" or name[-1:] in "~_") and _TEMPORARY.fullmatch(name) is not None


def folder_by_name(name: str) -> str | None:
    """Why a folder of this name is skipped; "" to leave it out silently; None if it is not skipped."""
    if name in UNLISTED_FOLDERS or name.endswith(".egg-info"):
        return ""
    if name in _SECRET_FOLDERS:
        return "may hold secrets"
    return "vendored" if name in VENDORED_FOLDERS else None


def folder_by_content(name: str, names: frozenset[str] | set[str]) -> str | None:
    """Why a folder with entries of these names is skipped; None if it is not."""
    if not names.isdisjoint(FOLDER_MARKERS):
        return next(reason for marker, reason in FOLDER_MARKERS.items() if marker in names)
    if name == "vendor" and not _VENDOR_MARKERS.isdisjoint(names):
        return "vendored"
    if "CMakeCache.txt" in names and "CMakeLists.txt" not in names:
        return "build output"
    return None


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BINARY = _words(
    """
    png jpg jpeg gif bmp ico icns tif tiff webp avif heic psd ai eps xcf sketch cr2 nef dng jxl
    mp3 wav flac ogg oga opus m4a aac wma aiff mid midi mp4 m4v mkv mov avi wmv webm flv mpg mpeg 3gp
    ttf otf woff woff2 eot pfb pfm
    zip gz tgz bz2 tbz2 xz txz zst lz4 lzma 7z rar tar jar war ear apk aab ipa whl egg gem nupkg deb rpm dmg iso img cab
    msi crate br z lz
    pdf doc docx xls xlsx ppt pptx odt ods odp epub mobi djvu
    exe dll so dylib o obj a pdb ilk ko elf bin efi pyc pyo pyd class dex beam wasm node rlib rmeta
    hi dyn_o dyn_hi cmi cmo cmx cmxa cmt cmti idb suo sdf opendb pch gch
    db sqlite sqlite3 db3 mdb accdb dbf frm ibd myd myi ldb rdb
    npy npz pkl pickle joblib h5 hdf5 parquet arrow feather orc avro tfrecord onnx pt pth ckpt safetensors gguf ggml
    tflite mlmodel rds rda rdata sav dta lance
    blend fbx 3ds stl glb ktx dds exr hdr tga pcx pvr basis astc spv
    swf fla jnilib gmo nib qm resources pack idx swp swo lockb
    """
)
"""Extensions that are always binary; other files are judged by their content."""

_DATA = _words("csv tsv jsonl ndjson geojson log psv arff libsvm svmlight fasta fastq fa fq sam vcf gff")
MAX_DATA_BYTES = 256 * 1024
"""Larger tables and logs are data, not text to ask questions about."""
NOTEBOOK_FACTOR = 8
"""How much larger than other files a notebook may be: most of it is images and tables, which are not indexed."""
_TOO_MUCH_DATA = f"data, larger than {MAX_DATA_BYTES // 1024} KiB"

_LOCK_FILES = frozenset(
    {
        "package-lock.json",
        "npm-shrinkwrap.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        "bun.lock",
        "cargo.lock",
        "poetry.lock",
        "pdm.lock",
        "uv.lock",
        "pipfile.lock",
        "gemfile.lock",
        "composer.lock",
        "go.sum",
        "go.work.sum",
        "flake.lock",
        "mix.lock",
        "rebar.lock",
        "pubspec.lock",
        "podfile.lock",
        "package.resolved",
        "packages.lock.json",
        "paket.lock",
        "gradle.lockfile",
        "deno.lock",
        "conda-lock.yml",
        "pixi.lock",
        "stack.yaml.lock",
        "cabal.project.freeze",
        "manifest.toml.lock",
        ".terraform.lock.hcl",
        "module.bazel.lock",
    }
)

_GENERATED_NAME = re.compile(
    r"""(?x) (?:
        \.pb\.(?:go|cc|h|swift|dart) | _pb2(?:_grpc)?\.pyi? | _pb\.(?:js|d\.ts|rb) | \.pb\.gw\.go | _grpc_pb\.js
      | \.designer\.(?:cs|vb) | \.g\.(?:dart|cs|i\.cs) | \.freezed\.dart | \.generated\.\w+ | \.gen\.go
      | \.snap | \.map | \.tsbuildinfo | \.min\.(?:js|mjs|css) | [-.]bundle\.js | \.chunk\.(?:js|css)
    )\Z"""
)
"""How the names of such files end. (A leading `.*` would try every ending at every character.)"""

_SECRET_NAME = re.compile(
    r"""(?x)
        (?!\.env(?:[.-]\w+)*[.-](?:example|sample|template|dist|defaults|schema)$|\.env\.(?:d\.ts|ts|js|mjs|py|md)$)
        (?!(?:.+[._-])?(?:example|sample|template)\.env$)
        (?:\.env|\.env[.-].*|.+\.env|\.envrc)
      | .*\.(?:pem|key|p12|pfx|keystore|jks|ppk|kdbx?|gpg|pgp|p8|pkcs12|ovpn|tfstate)
      | terraform\.tfvars | .*\.auto\.tfvars
      | .*\.tfstate\.backup | .*\.keychain-db
      | \.netrc | _netrc | \.npmrc | \.pypirc | \.pgpass | \.my\.cnf | \.htpasswd | \.git-credentials | \.dockercfg
      | \.s3cfg | \.boto | \.yarnrc\.yml\.local | \.vault[-_]?(?:token|pass(?:word)?)(?:\.txt)?
      | \.kubeconfig | .*\.kubeconfig | service[-_]?account.*\.json | .*[-_]credentials?\.(?:json|ya?ml|xml|ini|txt|csv)
      | client[-_]secrets?.*\.json | wp-config\.php
    """
)
_SECRET_SOURCE = (".env", "wp-config.")
"""How names with an extension of source code begin that may match: that is most files, and the expression is slow."""

_SECRET_WORD = re.compile(
    r"\.?(?:credentials?|secrets?|passwords?|kubeconfig|id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?)(?:[._-].*)?(?<!\.pub)"
)
"""Words that name secrets in a data file, and an ordinary module in source code."""

_EXAMPLE = late(r".*[._-](?:example|sample|template|dist|schema)(?:\.\w+)?")

_SOURCE = _words(
    """
    py pyi pyx js jsx mjs cjs ts tsx mts cts go rs java c h cc cpp cxx hh hpp hxx m mm cs rb php swift kt kts scala
    lua hs lhs ex exs erl hrl zig sh bash zsh fish ps1 dart jl r ml mli sql proto vue svelte astro clj cljs groovy pl
    pm nim v d f90 fs fsx vb el lisp scm rkt tcl css scss sass less html htm ipynb md mdx rst adoc org tex thrift
    graphql tf hcl nix cmake
    """
)
"""Extensions of source code and prose, whose names do not make them secrets (credentials.py, secrets.go, keys.md)."""

_TEMPLATES = _words(
    """
    erb haml slim markerb jinja jinja2 twig ejs hbs handlebars mustache njk liquid pug jsp jspx ftl cshtml razor heex
    eex leex gohtml
    """
)
"""Extensions of pages and mails with code in them. Before them, a template of a data file has that file's extension."""
_PAGES = _words("html htm txt text xhtml js css turbo_stream")
"""What stands before the extension of a page's or mail's template, if anything does."""

_WINDOWS_RESERVED = late(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?:\..*)?")


def reserved_on_windows(name: str) -> bool:
    """Whether this is a device name on Windows, where opening it would not open the file."""
    return _WINDOWS_RESERVED.fullmatch(name.lower().rstrip(" .")) is not None


def _is_secret(lower: str, extension: str) -> bool:
    """Whether a file of this name and extension, both in lower case, may hold secrets."""
    if extension in _SOURCE and not lower.startswith(_SECRET_SOURCE):
        return False
    is_source = extension in _SOURCE or (
        extension in _TEMPLATES and all(part in _PAGES for part in lower.split(".")[1:-1])
    )
    return _SECRET_NAME.fullmatch(lower) is not None or (
        not is_source and _SECRET_WORD.fullmatch(lower) is not None and not _EXAMPLE.fullmatch(lower)
    )


def may_hold_secrets(path: str) -> bool:
    """Whether the file at `path` ("/"-separated) may hold secrets, by its name or those of its folders."""
    *folders, name = path.split("/")
    lower = name.lower()
    extension = lower.rpartition(".")[2] if "." in lower else ""
    return not _SECRET_FOLDERS.isdisjoint(folders) or _is_secret(lower, extension)


_PLAIN = _SOURCE - _BINARY - _DATA


def is_plainly_source(name: str) -> bool:
    """Whether a short look at a name tells that it is listed, and that the file is read unless it is too large.

    That is so for most files, and takes much less time than `is_unlisted` and `file_by_name`.
    """
    stem, _, extension = name.partition(".")
    if extension not in _PLAIN or not stem or not name.isascii():
        return False
    lower = stem.lower()
    return "_pb" not in lower and not lower.endswith("-bundle") and lower != "wp-config"


def file_by_name(name: str, size: int, max_bytes: int) -> str | None:
    """Why a file of this name and size in bytes is not indexed; None if it should be read."""
    lower = name.lower()
    stem, dot, extension = lower.rpartition(".")
    if not dot:
        stem, extension = lower, ""
    is_source = extension in _SOURCE and not lower.startswith(_SECRET_SOURCE)
    if extension in _BINARY:
        return "binary"
    if not is_source and _is_secret(lower, extension):
        return "may hold secrets"
    if lower in _LOCK_FILES:
        return "a lock file"
    # Most names are those of source code, with one dot: it takes less time to see that they cannot be generated.
    is_plain = is_source and "." not in stem and "_pb" not in stem and not stem.endswith("-bundle")
    if not is_plain and _GENERATED_NAME.search(lower):
        return "minified" if ".min." in lower else GENERATED
    if extension == "svg":
        return "an image"
    if extension in _DATA and size > MAX_DATA_BYTES:
        return _TOO_MUCH_DATA
    if size > max_bytes and size > (limit := size_limit(name, max_bytes)):
        return too_large(limit)
    return None


def size_limit(name: str, max_bytes: int) -> int:
    """The maximum size in bytes of a file of this name, where `max_bytes` is that of ordinary files."""
    return max_bytes * NOTEBOOK_FACTOR if is_notebook(name) else max_bytes


def too_large(max_bytes: int) -> str:
    """The reason for a file that is larger than `max_bytes`."""
    return f"{LARGER}{_bytes(max_bytes)}"


def _bytes(count: int) -> str:
    """A size in readable units."""
    for unit, size in (("MiB", 1024 * 1024), ("KiB", 1024)):
        if count >= size:
            return f"{count / size:.4g} {unit}"
    return f"{count} bytes"


_PRIVATE_KEY = late(r"^\W{0,8}-----BEGIN (?:[A-Z0-9 ]+ )?PRIVATE KEY(?: BLOCK)?-----", re.MULTILINE)
_HEAD = 4096
"""A marker of generated code, or of a key, must begin within this many characters."""

_COMMENT = late(r"(?i)//+!?|/\*+!?|\*+/?|\#+|--+(?:\[\[)?|;+|<!--|<[?!]\w+|%+|\(\*|\{-|\"{3}|'{3}|[\"']|rem\b|\.\.")
"""Openings of comments, docstrings and prologues (<?php, <!DOCTYPE)."""
_BLOCKS = {"/*": "*/", '"""': '"""', "'''": "'''", "<!--": "-->", "(*": "*)", "{-": "-}", "--[[": "]]"}
_GENERATED_LINE = late(
    r"""(?xi)
        @generated\b(?:$|\s*(?:[.:*<(-]|signedsource|by\b|from\b|with\b|using\b|file\b|code\b))
      | code\ generated\ .*do\ not\ edit
      | <auto-?generated\b
      | (?=.*\b(?:auto-?|automatically\ |machine[- ])?generated\b)(?=.*\b(?:do\ not|don'?t)\ (?:edit|modify|change)\b).*
    """
)
_GENERATED = late(
    r"\b(?:auto-?|automatically |machine[- ])generated\b|\bgenerated (?:by|from|with|using|code|file)\b", re.IGNORECASE
)
_DO_NOT_EDIT = late(r"\b(?:do not|don'?t) (?:manually )?(?:edit|modify|change)\b", re.IGNORECASE)

_WEB_PAGES = _words("html htm xhtml")
_MAKERS = (
    r"(?:dokka|doxygen|javadoc|jsdoc|typedoc|rustdoc|rdoc|yard|phpdocumentor|pdoc\d?|pydoctor|sphinx|docutils|jazzy|docfx"
    r"|ex_?doc|haddock|godoc|ldoc|naturaldocs|groovydoc|scaladoc)\b"
)
"""Tools that make pages of the documentation in code."""
_MADE_BY = late(
    rf"<meta\s+name=[\"']?generator[\"']?\s+content=[\"']?{_MAKERS}|<!--\s*generated by {_MAKERS}"
    r"|\A\s*<div class=\"sideMenu\">\s*<div class=\"toc--part\"",
    re.IGNORECASE,
)
"""How they say so at the beginning of a page; Dokka's navigation has no head."""
_ENDS_MADE_BY = late(rf"\bgenerated (?:by|with|using)\b(?:\s|<[^<>]*>)*{_MAKERS}", re.IGNORECASE)
"""How others say so at its end."""

_MINIFIABLE = _words(
    "js mjs cjs jsx ts tsx css scss less json html htm svg xml php py rb java c h cpp cc hpp go rs cs lua sql vue"
)
_MIN_MINIFIED = 8 * 1024
_MAX_AVERAGE_LINE = 500
_MAX_LINE = 50_000


_LFS_POINTER = late(
    r"\ufeff?version https?://(?:git-lfs|hawser)\.github\.com/spec/v\d+\s(?:.*\n)*?oid \w+:[0-9a-f]{8,}\s"
    r"|\ufeff?version http://git-media\.io/v/\d+\s|# git-media\s+[0-9a-f]{8,}\s*\Z"
)
_ANNEX_POINTER = late(r"/annex/objects/\S+\s*(?:/annex/\S*\s*)*\Z")
_MAX_POINTER = 1024
"""Bytes of the longest pointer that git-lfs recognises; git-annex writes shorter ones."""


def pointed_to(text: str) -> str | None:
    """The reason to skip a text that is only a pointer to a file stored elsewhere; None if it is not one."""
    if len(text) >= _MAX_POINTER:
        return None
    if _LFS_POINTER.match(text):
        return "Git LFS pointer"
    return "git-annex pointer" if _ANNEX_POINTER.match(text) else None


def file_by_text(name: str, text: str) -> str | None:
    """Why a file with this text is not indexed; None if it is."""
    if pointer := pointed_to(text):
        return pointer
    if is_notebook(name) and len(text) > MAX_DATA_BYTES:
        from glossator.workspace.notebooks import read_notebook

        if read_notebook(text) is None:
            return _TOO_MUCH_DATA
    if holds_private_key(text):
        return PRIVATE_KEY
    if _is_generated(text[:_HEAD]):
        return GENERATED
    ending = name.rpartition(".")[2].lower()
    if ending in _WEB_PAGES and _is_of_documentation(text):
        return MADE_FROM_CODE
    if ending in _MINIFIABLE and _is_minified(text):
        return "minified"
    return None


def _is_of_documentation(page: str) -> bool:
    """Whether a page in HTML is one that a tool has made of code's documentation, which is indexed with the code."""
    if _MADE_BY.search(page[:_HEAD]) is not None:
        return True
    end = page[-_HEAD:]
    return "enerated" in end and _ENDS_MADE_BY.search(end) is not None


def holds_private_key(text: str) -> bool:
    """Whether a text begins with a private key."""
    return _PRIVATE_KEY.search(text[:_HEAD]) is not None


GENERATED = "generated"
MADE_FROM_CODE = "documentation made from code"
PRIVATE_KEY = "holds a private key"
CHANGING = "it changes while it is read"
CRASHED = "the parser crashed on it"
"""Reasons why a file is skipped."""
UNREADABLE, LARGER, SLOW = "cannot be read: ", "larger than ", "took longer than "
"""How further ones begin."""
_OF_CODE = (GENERATED, PRIVATE_KEY, CHANGING, CRASHED, UNREADABLE, LARGER, SLOW)


def may_be_code(reason: str) -> bool:
    """Whether what is skipped for a reason may be code that runs with the rest: minified files are copies of it."""
    return reason.startswith(_OF_CODE)


def _is_generated(head: str) -> bool:
    """Whether the comments before the first line of code say that the file was generated and must not be edited."""
    if "generated" not in head.lower():  # every marker contains that word; most files do not
        return False
    previous = ""
    closing = ""
    for line in head.split("\n", 60)[:60]:
        words = line.strip()
        if not words:
            continue
        mark = _COMMENT.match(words)
        if mark is None and not closing:
            return False
        if mark is not None:
            if not closing:
                opened = next((opening for opening in _BLOCKS if mark.group().startswith(opening)), "")
                closing = _BLOCKS.get(opened, "")
            words = words[mark.end() :].strip()
        if closing and closing in words:
            closing = ""
        if _GENERATED_LINE.match(words):
            return True
        if _DO_NOT_EDIT.search(words) and _GENERATED.search(f"{previous} {words}"):
            return True
        if _GENERATED.search(words) and _DO_NOT_EDIT.search(previous):
            return True
        previous = f"{previous} {words}"[-300:]
    return False


def _is_minified(text: str) -> bool:
    """Whether the lines are too long to be written by hand."""
    if len(text) < _MIN_MINIFIED:
        return False
    if len(text) / (text.count("\n") + 1) > _MAX_AVERAGE_LINE:
        return True
    start = 0
    while len(text) - start > _MAX_LINE:
        end = text.rfind("\n", start, start + _MAX_LINE + 1)
        if end < start:
            return True
        start = end + 1
    return False
