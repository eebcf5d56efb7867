"""Lambdas in Python, whose parameters get their types from what they are handed to."""

import pytest

from tests.unit.resolution.resolution_samples import Sample

WEB = {
    "web/__init__.py": "",
    "web/job.py": """
        from collections.abc import Callable
        from typing import Optional, TypeVar
        import typing as t

        T = TypeVar("T")

        class Job:
            size: int = 1
            def run(self): return self.size
            def inner(self) -> "Job": return self

        class Other:
            def run(self): pass

        class Pool:
            hook: Callable[[Job], None]

            def __init__(self, size: int = 0, on: Callable[[Job], None] | None = None) -> None: ...
            def each(self, call: Callable[[Job], object]) -> "Pool": ...
            def named(self, size: int = 1, *, key: Optional[t.Callable[[Other, Job], bool]] = None) -> None: ...
            def rest(self, *jobs: Job, call: Callable[[Job], None]) -> None: ...
            def any(self, call: Callable[..., object]) -> None: ...
            def plain(self, call) -> None: ...
            def generic(self, one: T, call: Callable[[T], object]) -> None: ...
            def giving(self) -> Callable[[Job], int]: ...
            @staticmethod
            def static(call: Callable[[Job], object]) -> None: ...

        def free(first: int, call: "Callable[[Job], int]", other: int = 1) -> None: ...
    """,
}


def stated(line: str, name: str = "run") -> str:
    """What the mention of a name in a line of Python means."""
    main = f"""
        from collections.abc import Callable
        from web.job import Job, Other, Pool, free

        def main(pool: Pool, jobs: list[Job], named: dict[str, Job], args: list[Job]) -> Callable[[Job], int]:
            {line}
    """
    return Sample({**WEB, "main.py": main}).at("main.py", line, name)


@pytest.mark.parametrize(
    "line",
    [
        "pool.each(lambda job: job.run())",
        "pool.each(lambda job: job.inner().run())",
        "pool.each(call=lambda job: job.run())",
        "pool.each(lambda job: 1).each(lambda job: job.run())",
        "pool.each((lambda job: job.run()) if jobs else None)",
        "pool.named(1, key=lambda other, job: job.run())",
        "pool.rest(*args, call=lambda job: job.run())",
        "Pool.static(lambda job: job.run())",
        "free(1, lambda job: job.run())",
        "free(1, other=2, call=lambda job: job.run())",
        "Pool(on=lambda job: job.run())",
        "Pool(1, lambda job: job.run())",
        "pool.hook = lambda job: job.run()",
        "call: Callable[[Job], int] = lambda job: job.run()",
        "def inner(call: Callable[[Job], int] = lambda job: job.run()): pass",
        "return lambda job: job.run()",
        "sorted(jobs, key=lambda job: job.run(), reverse=True)",
        "max(named.values(), key=lambda job: job.run())",
        "jobs.sort(key=lambda job: job.run())",
        "list(map(lambda job: job.run(), jobs))",
        "list(filter(lambda job: job.run(), jobs))",
    ],
)
def test_parameters_of_lambdas(line: str) -> None:
    assert stated(line) == "web/job.py:Job.run"


@pytest.mark.parametrize(
    "line",
    [
        "pool.plain(lambda job: job.run())",
        "pool.any(lambda job: job.run())",
        "pool.generic(Other(), lambda one: one.run())",
        "pool.missing(lambda job: job.run())",
        "pool.each(1, lambda job: job.run())",  # nothing takes so many
        "pool.each(*args, lambda job: job.run())",
        "pool.rest(lambda job: job.run())",  # by its name only
        "pool.named(lambda job: job.run())",
        "free(lambda job: job.run(), 1)",
        "pool.each(lambda *job: job.run())",
        "max(jobs, args, key=lambda job: job.run())",
        "list(map(lambda job: job.run(), *args))",
        "list(map(lambda other, job: job.run(), jobs, jobs))",
        "job = lambda job: job.run()",
    ],
)
def test_what_nothing_decides_is_possible_only(line: str) -> None:
    assert stated(line) in ("possible", "excluded")


def test_what_a_callable_gives() -> None:
    assert stated("pool.giving()(jobs[0]).bit_length(); jobs[0].run()") == "web/job.py:Job.run"
