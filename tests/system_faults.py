"""Faults of the system for processes that a test starts: a clock that jumps, reads that are slow or fail.

A small library is compiled and loaded before the C library (`LD_PRELOAD`). It reads its orders, one a line, when one of
its functions is called, so that they can be changed while a process runs:

- `clock SECONDS`: the time of day is so many seconds later or earlier than it is
- `slow MILLISECONDS TEXT`: a read of a file whose path contains TEXT takes so much longer
- `fail ERRNO TEXT`: a read of such a file fails
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LIBRARY = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int orders(char *text, size_t size) {
    const char *path = getenv("SYSTEM_FAULTS");
    int saved = errno, file = path ? syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC) : -1;
    long count = 0;
    if (file >= 0) {
        count = syscall(SYS_read, file, text, size - 1);
        syscall(SYS_close, file);
    }
    text[count > 0 ? count : 0] = 0;
    errno = saved;
    return count > 0;
}

static long offset(void) {
    char text[1024];
    char *order = orders(text, sizeof text) ? strstr(text, "clock ") : NULL;
    return order ? atol(order + 6) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int result = syscall(SYS_clock_gettime, clock, now);
    if (!result && clock == CLOCK_REALTIME) now->tv_sec += offset();
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    int result = syscall(SYS_gettimeofday, now, zone);
    if (!result && now) now->tv_sec += offset();
    return result;
}

time_t time(time_t *kept) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (kept) *kept = now.tv_sec;
    return now.tv_sec;
}

static int is_faulty(int file) {
    char text[1024], link[64], path[4096], *rest = text, *line;
    if (!orders(text, sizeof text)) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    long length = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    while ((line = strsep(&rest, "\n"))) {
        int number = 0, start = 0;
        int slow = sscanf(line, "slow %d %n", &number, &start) == 1 && start;
        int fail = !slow && sscanf(line, "fail %d %n", &number, &start) == 1 && start;
        if (!(slow || fail) || !strstr(path, line + start)) continue;
        if (fail) { errno = number; return 1; }
        struct timespec pause = {number / 1000, number % 1000 * 1000000L};
        syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &pause, NULL);
    }
    return 0;
}

ssize_t read(int file, void *buffer, size_t size) {
    return is_faulty(file) ? -1 : syscall(SYS_read, file, buffer, size);
}

ssize_t pread64(int file, void *buffer, size_t size, off_t at) {
    return is_faulty(file) ? -1 : syscall(SYS_pread64, file, buffer, size, at);
}

ssize_t pread(int file, void *buffer, size_t size, off_t at) {
    return is_faulty(file) ? -1 : syscall(SYS_pread64, file, buffer, size, at);
}
"""


class SystemFaults:
    """The faults of processes that are started with `environment`."""

    def __init__(self, folder: Path) -> None:
        """Compile the library; skip the test where that is not possible."""
        compiler = shutil.which("cc")
        if not sys.platform.startswith("linux") or compiler is None:
            pytest.skip("needs Linux and a C compiler")
        folder.mkdir(parents=True, exist_ok=True)
        source, library = folder / "faults.c", folder / "faults.so"
        source.write_text(LIBRARY, "utf-8")
        done = subprocess.run(
            [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(source)], capture_output=True
        )
        if done.returncode:
            pytest.skip(f"the faults cannot be compiled: {done.stderr.decode(errors='replace')[-300:]}")
        self._orders = folder / "orders"
        self.set()
        self.environment = {"LD_PRELOAD": str(library), "SYSTEM_FAULTS": str(self._orders)}

    def set(self, *orders: str) -> None:
        """Replace the orders at once."""
        fresh = self._orders.with_suffix(".new")
        fresh.write_text("".join(f"{order}\n" for order in orders), "utf-8")
        fresh.replace(self._orders)
