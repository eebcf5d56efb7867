"""Closures in Rust, whose parameters get their types from what they are handed to."""

import pytest

from tests.unit.resolution.resolution_samples import Sample

CRATE = {
    "Cargo.toml": '[package]\nname = "web"\n',
    "src/lib.rs": """
        pub struct Job { pub size: u8 }
        impl Job {
            pub fn run(&self) -> u8 { 1 }
            pub fn inner(&self) -> &Job { self }
        }
        pub struct Other;
        impl Other { pub fn run(&self) -> u8 { 2 } }
        pub struct Lines;
        impl Iterator for Lines { type Item = Other; fn next(&mut self) -> Option<Other> { None } }
        impl Lines { pub fn run(&self) {} }
        pub struct Pool<T> { held: Vec<T>, hook: Box<dyn Fn(&Job) + Send>, plain: fn(Job) }
        impl<T> Pool<T> {
            pub fn each(&self, run: impl Fn(&Job)) {}
            pub fn bound<F>(&self, size: usize, run: F) where F: FnOnce(&mut Job, usize) -> bool + Send + 'static {}
            pub fn head<'a, F: FnMut(&'a Job) -> Option<u8>>(&'a mut self, run: &mut F) -> u8 { 1 }
            pub fn boxed(&self, run: Box<dyn Fn(Job) -> u8>) {}
            pub fn pointer(run: fn(Job) -> u8) {}
            pub fn of_type(&self, run: impl Fn(&T)) {}
            pub fn generic<U>(&self, one: U, run: impl Fn(&U)) {}
            pub fn two(&self, first: impl Fn(&Other), second: impl Fn(&Job)) {}
            pub fn other(&self, one: u8) {}
        }
        pub fn free(run: impl Fn(Job)) {}
    """,
}


def stated(line: str, name: str = "run") -> str:
    """What the mention of a name in a line of Rust means."""
    main = f"""
        use web::{{free, Job, Lines, Other, Pool}};
        use std::collections::HashMap;
        struct Main {{
            pool: Pool<Job>, jobs: Vec<Job>, one: Option<Job>, map: HashMap<String, Job>, many: Option<Vec<Job>>,
        }}
        impl Main {{
            fn main(&self, lines: Lines, other: Option<Other>, checked: Result<Job, Other>, slice: &[Job]) {{
                {line}
            }}
        }}
    """
    return Sample({**CRATE, "tests/main.rs": main}).at("tests/main.rs", line, name)


@pytest.mark.parametrize(
    "line",
    [
        "self.pool.each(|job| { job.run(); });",
        "self.pool.each(&|job| { job.inner().run(); });",
        "self.pool.bound(1, move |job, size| job.run() > 1);",
        "self.pool.bound(1, |mut job, _| job.run() > 1);",
        "self.pool.head(&mut |job| Some(job.run()));",
        "self.pool.boxed(Box::new(|job| job.run()));",
        "Pool::<Job>::pointer(|job| job.run());",
        "self.pool.of_type(|job| { job.run(); });",
        "self.pool.two(|_| (), |job| { job.run(); });",
        "free(|job| { job.run(); });",
        "let hook: Box<dyn Fn(&Job) -> u8> = Box::new(|job| job.run());",
        "let p = Pool { held: vec![], hook: Box::new(|job| { job.run(); }), plain: free };",
        "let p = Pool { plain: |job| { job.run(); }, ..p };",
        "self.jobs.iter().for_each(|job| { job.run(); });",
        "self.jobs.iter().filter(|job| job.size > 0).map(|job| job.run());",
        "self.jobs.iter().map(|&job| job.run());",
        "slice.iter().any(|job| job.run() > 1);",
        "self.jobs.iter().enumerate().map(|(at, job)| job.run());",
        "self.jobs.iter().fold(0, |sum, job| sum + job.run());",
        "self.jobs.sort_by(|a, b| a.size.cmp(&b.run()));",
        "self.jobs.retain(|job| job.run() > 1);",
        "self.map.values().map(|job| job.run());",
        "self.map.iter().map(|(name, job)| job.run());",
        "self.map.retain(|name, job| job.run() > 1);",
        "self.one.as_ref().map(|job| job.run());",
        "self.one.map_or(1, |job| job.run());",
        "self.one.is_some_and(|job| job.run() > 1);",
        "checked.and_then(|job| Ok(job.run()));",
        "self.many.map(|jobs| jobs.iter().map(|job| job.run()));",
        "let all: Vec<Job> = self.jobs.iter().cloned().collect(); all.iter().map(|job| job.run());",
    ],
)
def test_parameters_of_closures(line: str) -> None:
    assert stated(line) == "src/lib.rs:Job.run"


@pytest.mark.parametrize(
    "line",
    [
        "self.pool.generic(1, |one| { one.run(); });",
        "self.pool.other(|one| { one.run(); });",
        "self.pool.bound(|one| { one.run(); });",  # not so many arguments
        "Pool::<Job>::each(&self.pool, |one| { one.run(); });",  # with `self`
        "self.pool.missing(|one| { one.run(); });",
        "lines.map(|line| line.run());",  # an iterator over others
        "self.jobs.iter().map(|job| job.size).map(|size| size.run());",
        "self.jobs.iter().zip(other).map(|pair| pair.run());",
        "checked.map_err(|error| error.run());",
        "self.many.map(|jobs| jobs.run());",
    ],
)
def test_what_nothing_decides_is_possible_only(line: str) -> None:
    assert stated(line) in ("possible", "excluded")


def test_a_parameter_hides_what_has_its_name() -> None:
    assert stated("let job: Other = o; self.pool.each(|job| { job.run(); });") == "src/lib.rs:Job.run"
