// `glossator models ...` as far as the picker uses it: `node fake_models.mjs FOLDER models list --json`. The list is
// FOLDER/overview.json, each call is a line in FOLDER/calls; a command whose name is a file in FOLDER fails with that text.
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import path from "node:path";

const [folder, , command, ...rest] = process.argv.slice(2);
appendFileSync(path.join(folder, "calls"), `${[command, ...rest].join(" ")}\n`);
if (existsSync(path.join(folder, command))) {
  console.error(`some warning\nglossator: ${readFileSync(path.join(folder, command), "utf8")}`);
  process.exit(1);
}
if (command === "list") console.log(readFileSync(path.join(folder, "overview.json"), "utf8"));
if (command === "add") console.log(JSON.stringify({ name: "named-by-the-server" }));
if (command === "pull") {
  console.error("m: 1 of 4 MB (25%)\nm: 3 of 4 MB (75%)");
  // Goes on until it is cancelled, as a large download does.
  if (rest[0] === "endless") setInterval(() => undefined, 1000);
}
