"""Writes embedding_golden.json after the model has changed: `python -m tests.unit.make_embedding_golden`."""

from __future__ import annotations

import json
from pathlib import Path

from glossator.index.embedding import StaticEmbedder
from tests.unit.test_embedding import ENTRY

TEXTS = (
    "how are idle connections closed?",
    "parseHTTPResponse2 from_bytes XMLHttpRequest",
    "Größe des Arbeitsspeichers ändern, naïve café",
    "キャッシュを cache 清空 очистить кэш",
    "e = mc², ﬁle №5 ＦＵＬＬ　ｗｉｄｔｈ",
    "reconnector antidisestablishmentarianism xqzjv 0xDEADBEEF 404",
    "for for for for i in range(10): print(i)",
)
VALUES = 12


def main() -> None:
    embedder = StaticEmbedder()
    golden = {
        "id": embedder.id,
        "texts": {text: [round(float(x), 5) for x in embedder.embed_query(text)[:VALUES]] for text in TEXTS},
        "entry": [round(float(x), 5) for x in embedder.embed_entries([ENTRY])[0][:VALUES]],
    }
    text = json.dumps(golden, indent=1, ensure_ascii=False)
    (Path(__file__).parent / "embedding_golden.json").write_text(f"{text}\n", "utf-8", newline="\n")


if __name__ == "__main__":
    main()
