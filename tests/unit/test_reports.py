"""The parts of problem reports, as people paste them."""

import pytest

from glossator.retrieval.reports import read_report

PYTHON = """Saving a plan twice drops its notes
<!-- Please search existing issues first -->

### Description

When I call `Plan.save` a second time, the notes are gone. I expected them to stay.

```python
from planner.store import Plan as P
p = P.load("a")
p.save(notes=["x"])
```

<details><summary>Traceback</summary>

```
Traceback (most recent call last):
  File "/home/me/env/lib/python3.11/site-packages/planner/store.py", line 40, in save
    self._write(notes)
  File "/home/me/env/lib/python3.11/site-packages/planner/disk.py", line 12, in _write
    raise LostNotes("no notes in " + path)
planner.errors.LostNotesError: no notes in a.plan
```
</details>

### Environment

planner: 2.3.1
python: 3.11.4
OS: Linux

### Checklist

- [x] I have read the code of conduct
"""


def test_the_parts_of_an_issue() -> None:
    report = read_report(PYTHON)
    assert report is not None
    assert report.title == "Saving a plan twice drops its notes"
    assert "the notes are gone" in report.prose
    for left_out in ("search existing", "2.3.1", "code of conduct", "Description"):
        assert left_out not in report.prose
    assert "p.save(" in report.code
    assert "planner.store.Plan" in report.calls
    assert "planner.store.Plan.load" in report.calls
    assert report.errors == ("planner.errors.LostNotesError: no notes in a.plan",)
    assert [(one.symbol, one.line) for one in report.frames] == [("_write", 12), ("save", 40)]


def test_a_session_without_a_fence_ends_where_the_prose_goes_on() -> None:
    text = """Rounding of negative halves is wrong in the table

This is what I see in a shell:

>>> from tables import Table
>>> Table([-0.5]).rounded()
[0]

I believe that it should be minus one there, as the documentation of the class says so.
"""
    report = read_report(text)
    assert report is not None
    assert "Table([-0.5]).rounded()" in report.code
    assert "[0]" in report.output
    assert "minus one" in report.prose
    assert ">>>" not in report.prose


def test_frames_of_ipython_have_functions_and_lines() -> None:
    text = """Reading an empty frame fails with an unclear message here

I read a table without rows and get this, which does not help me at all to find out why:

```
KeyError                                  Traceback (most recent call last)
~/code/grid/grid/io.py in read_table(path, **options)
    143     rows = list(lines)
--> 144     head = rows[0]
    145     return head

File ~/code/grid/grid/rows.py:31, in Rows.first(self)
     30 def first(self):
---> 31     return self.items[0]

KeyError: 0
```
"""
    report = read_report(text)
    assert report is not None
    assert [(one.symbol, one.line) for one in report.frames] == [("first", 31), ("read_table", 144)]
    assert report.errors == ("KeyError: 0",)


@pytest.mark.parametrize(
    ("frames", "symbol"),
    [
        ("java.lang.NullPointerException: name\n\tat org.shop.cart.Basket.total(Basket.java:88)", "total"),
        ("TypeError: x is not a function\n    at Basket.total (/srv/shop/lib/basket.js:88:12)", "total"),
        ("Unhandled exception.\n   at Shop.Basket.Total(Int32 n) in /src/Shop/Basket.cs:line 88", "Total"),
    ],
)
def test_frames_of_other_languages(frames: str, symbol: str) -> None:
    prose = "The basket's total fails for a customer without a name, which worked in the version before this one. "
    report = read_report(f"Total fails without a name\n\n{prose * 2}\n\n```\n{frames}\n```\n")
    assert report is not None
    assert [(one.symbol, one.line) for one in report.frames] == [(symbol, 88)]


@pytest.mark.parametrize(
    "text",
    [
        "how does the pool decide that a connection can be reused " * 8,
        "retry\nwith backoff",
        "Traceback (most recent call last):\n" + '  File "a/b.py", line 3, in f\n    g(1, 2)\n' * 9 + "ValueError: no",
        "src/a.c:12:5: error: unknown type name 'foo_t' in this place\n" * 9,
        'Exception in thread "main" java.lang.IllegalStateException: closed\n' + "\tat a.B.c(B.java:3)\n" * 20,
        "",
    ],
)
def test_questions_traces_and_output_alone_are_no_reports(text: str) -> None:
    assert read_report(text) is None


@pytest.mark.parametrize(
    "text", ["```\n" * 60, "a\n" * 5_000, ">>> \n" * 400, "<!--" + "x " * 900 + "\n", "| a |\n" * 99]
)
def test_any_text_can_be_read(text: str) -> None:
    read_report(text)
