// @vitest-environment node
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ensureEnvironment, findPython, probe, SetupError, type Found, type Setup } from "../../src/python";

const folder = mkdtempSync(path.join(tmpdir(), "glossator-python-"));
const bundled = path.join(folder, "dist");
let base: Found;
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A wheel with one module, `glossator.py`, that says its version. */
const WHEEL = `
import sys, zipfile
version = sys.argv[2]
name = f"glossator-{version}"
with zipfile.ZipFile(f"{sys.argv[1]}/{name}-py3-none-any.whl", "w") as archive:
    archive.writestr("glossator.py", f"print({version!r})")
    archive.writestr(f"{name}.dist-info/METADATA", f"Metadata-Version: 2.1\\nName: glossator\\nVersion: {version}\\n")
    archive.writestr(f"{name}.dist-info/WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    archive.writestr(f"{name}.dist-info/RECORD", "")
`;

function bundle(version: string): void {
  rmSync(bundled, { recursive: true, force: true });
  mkdirSync(bundled);
  writeFileSync(path.join(bundled, "requirements.txt"), "");
  execFileSync(base.path, ["-c", WHEEL, bundled, version]);
}

function setup(): Setup & { logged: string[] } {
  const logged: string[] = [];
  return { storage: path.join(folder, "storage"), bundled, report: () => undefined, log: (text) => logged.push(text), logged };
}

const says = (executable: string): string => execFileSync(executable, ["-m", "glossator"], { encoding: "utf8" }).trim();

beforeAll(async () => {
  base = await findPython("", undefined);
});

test("a Python is found, by the setting, the Python extension or the PATH", async () => {
  expect(base.version).toMatch(/^3\.\d+\.\d+$/);
  expect((await findPython(base.path, undefined)).path).toBe(base.path);
  expect((await findPython("", base.path)).path).toBe(base.path);
  expect((await findPython("", "/nonexistent/python")).path).toBe(base.path);
  expect(await probe("/nonexistent/python")).toBeUndefined();
  expect(await probe(process.execPath)).toBeUndefined();
  await expect(findPython("/nonexistent/python", base.path)).rejects.toMatchObject({ cure: "python" });
});

test("the environment is made once, by one of several windows, and anew for another version", async () => {
  bundle("1.0");
  const windows = [setup(), setup()];
  const [first, second] = await Promise.all(windows.map((window) => ensureEnvironment(base, window)));
  expect(first).toBe(second);
  expect(says(first ?? "")).toBe("1.0");
  expect(windows.flatMap((window) => window.logged).filter((text) => text.includes("-m venv"))).toHaveLength(1);

  const again = setup();
  expect(await ensureEnvironment(base, again)).toBe(first);
  expect(again.logged).toEqual([]);

  // A window that was killed while it set up left its lock and half an environment.
  bundle("2.0");
  const interrupted = setup();
  let half = "";
  const log = (text: string): void => {
    half = text.split(" ").at(-1) ?? "";
    throw new Error("killed");
  };
  await expect(ensureEnvironment(base, { ...interrupted, log })).rejects.toThrow("killed");
  mkdirSync(half);
  writeFileSync(path.join(half, "rest"), "");
  writeFileSync(`${half}.lock`, "999999999");
  const renewed = await ensureEnvironment(base, interrupted);
  expect(says(renewed)).toBe("2.0");
  expect(readdirSync(interrupted.storage)).toEqual([path.basename(half)]);
}, 180_000);

test("an installation without a server says so", async () => {
  rmSync(bundled, { recursive: true, force: true });
  mkdirSync(bundled);
  await expect(ensureEnvironment(base, setup())).rejects.toBeInstanceOf(SetupError);
});

test("packages that cannot be had are told as such", async () => {
  bundle("3.0");
  writeFileSync(path.join(bundled, "requirements.txt"), `absent-package==1.0 --hash=sha256:${"0".repeat(64)}\n`);
  process.env["PIP_NO_INDEX"] = "1";
  await expect(ensureEnvironment(base, setup())).rejects.toMatchObject({ cure: "network" });
  delete process.env["PIP_NO_INDEX"];
}, 120_000);
