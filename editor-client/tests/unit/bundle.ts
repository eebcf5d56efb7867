/** What the .vsix carries for the server, in small: a wheel with one module, and requirements. */

import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

/** `glossator.py` becomes the command FAKE_SERVER if that is set, or says its version; its installation of the runtime fails with FAKE_FAILURE; as `glossator serve` it imports `late_part` at each line that it reads, and says so. */
const WHEEL = `
import sys, zipfile
version = sys.argv[2]
name = f"glossator-{version}"
module = f"""import importlib, json, os, sys
if "serve" in sys.argv and "FAKE_SERVER" in os.environ:
    command = json.loads(os.environ["FAKE_SERVER"])
    os.execv(command[0], command)
if sys.argv[1:] == ["runtime", "install", "--yes"]:
    print("Downloading the runtime: 5 MB of 10 MB (50%)", "Compiling the runtime ...", "glossator: " + os.environ["FAKE_FAILURE"], sep=chr(10), file=sys.stderr)
    sys.exit(1)
print({version!r}, flush=True)
if "serve" in sys.argv:
    for line in sys.stdin:
        sys.modules.pop("late_part", None)
        importlib.invalidate_caches()
        print(importlib.import_module("late_part").HERE, flush=True)
"""
metadata = f"Metadata-Version: 2.1\\nName: glossator\\nVersion: {version}\\nProvides-Extra: llama\\n"
with zipfile.ZipFile(f"{sys.argv[1]}/{name}-py3-none-any.whl", "w") as archive:
    archive.writestr("glossator.py", module)
    archive.writestr("late_part.py", "HERE = 'here'")
    archive.writestr(f"{name}.dist-info/METADATA", metadata + "Requires-Dist: llama-cpp-python==0.3.36; extra == 'llama'\\n")
    archive.writestr(f"{name}.dist-info/WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    archive.writestr(f"{name}.dist-info/RECORD", "")
`;

/** Fill a folder with what a version of the extension carries. */
export function makeBundle(python: string, folder: string, version: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  writeFileSync(path.join(folder, "requirements.txt"), "");
  execFileSync(python, ["-c", WHEEL, folder, version]);
}

/** What an environment's server says its version is. */
export const versionOf = (executable: string): string => execFileSync(executable, ["-m", "glossator"], { encoding: "utf8" }).trim();
