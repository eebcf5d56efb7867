"""Closures in Swift, whose parameters get their types from what they are handed to."""

import pytest

from tests.unit.resolution.resolution_samples import Sample

MODULE = {
    "Sources/Web/Job.swift": """
        public class Job: Codable {
            let size: Int = 1
            func run() -> Bool { return true }
            func inner() -> Job { return self }
        }
        public struct Other {
            func run() -> Bool { return false }
        }
        public struct Lines: Sequence {
            func run() {}
        }
        public struct Batch {
            func run() {}
        }
        public typealias Handler = (Job) -> Void
    """,
    "Sources/Web/Batch.swift": """
        extension Batch: Sequence {
        }
    """,
    "Sources/Web/Pool.swift": """
        public class Pool<T> {
            var handler: Handler?
            var plain: ((Job) -> Void)?
            init(size: Int = 1, run: @escaping (Job) throws -> Void) {}
            func visit(_ run: (Job) -> Void) {}
            func named(size: Int = 1, _ more: Int, run: @escaping (Job, _ size: Int) -> Bool, last: Int = 0) {}
            func both(first: (Other) -> Void, then: ((Job) -> Void)? = nil) {}
            func ofType(_ run: (T) -> Void) {}
            func generic<U>(_ one: U, run: (U) -> Void) {}
            func other(_ one: Int) {}
            func either(_ run: (Job) -> Void) {}
            func either(_ run: (Other) -> Void, size: Int) {}
        }
    """,
}


def stated(line: str, name: str = "run") -> str:
    """What the mention of a name in a line of Swift means."""
    main = f"""
        class Main {{
            let pool: Pool<Job>
            let jobs: [Job]
            var one: Job?
            let named: [String: Job]
            func main(lines: Lines, batch: Batch, other: Other?) -> Handler {{
                {line}
            }}
        }}
    """
    return Sample({**MODULE, "Sources/Web/Main.swift": main}).at("Sources/Web/Main.swift", line, name)


@pytest.mark.parametrize(
    "line",
    [
        "pool.visit { $0.run() }",
        "pool.visit { job in job.inner().run() }",
        "pool.visit({ job in job.run() })",
        "pool.visit { [weak self] job in job.run() }",
        "pool.named(1) { job, size in job.run() }",
        "pool.named(size: 2, 1, run: { $0.run() && $1 > 0 })",
        "pool.both(first: { $0.size }, then: { $0.run() })",
        "pool.both { other in } then: { job in job.run() }",
        "pool.ofType { $0.run() }",
        "let made = Pool<Job>(run: { $0.run() })",
        "let made = Pool { job in job.run() }",
        "let handler: Handler = { $0.run() }",
        "let handler: (Job) -> Bool = { job in job.run() }",
        "pool.handler = { $0.run() }",
        "self.pool.plain = { job in job.run() }",
        "return { $0.run() }",
        "jobs.forEach { $0.run() }",
        "jobs.filter { $0.size > 1 }.map { $0.run() }",
        "jobs.sorted { $0.size < $1.inner().run() }",
        "jobs.first(where: { $0.run() })",
        "jobs.contains { job in job.run() }",
        "jobs.reduce(0) { sum, job in job.run() }",
        "named.mapValues { $0.run() }",
        "named.forEach { name, job in job.run() }",
        "one.map { $0.run() }",
        "one.flatMap { job in job.run() }",
        "pool.visit { job in jobs.forEach { other in job.run() } }",
        "jobs.forEach { let job = $0; job.run() }",
    ],
)
def test_parameters_of_closures(line: str) -> None:
    assert stated(line) == "Sources/Web/Job.swift:Job.run"


@pytest.mark.parametrize(
    "line",
    [
        "pool.generic(1) { $0.run() }",
        "pool.either { $0.run() }",
        "pool.both { $0.run() }",  # which of the two is not known
        "pool.visit(other: { $0.run() })",  # no such label
        "pool.other { $0.run() }",
        "pool.missing { $0.run() }",
        "pool.visit { job in pool.missing { $0.run() } }",
        "lines.map { $0.run() }",  # elements of its own
        "batch.map { $0.run() }",
        "jobs.map { $0.size }.map { $0.run() }",
        "named.map { $0.run() }",
        "jobs.missing { $0.run() }",
    ],
)
def test_what_nothing_decides_is_possible_only(line: str) -> None:
    assert stated(line) in ("possible", "excluded")


def test_a_name_for_a_type_is_that_type() -> None:
    text = "class Job { func run() {} }\ntypealias Task = Job\nfunc use(task: Task) {\n    task.run()\n}\n"
    assert Sample({"Sources/Web/Task.swift": text}).at("Sources/Web/Task.swift", "task.run()", "run") == (
        "Sources/Web/Task.swift:Job.run"
    )
