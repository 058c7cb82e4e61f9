// Prints the resources that it is asked for, as SST's own package reads them; null where there is none.
import { Resource } from "sst/resource";
import { readFileSync } from "node:fs";

const names = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(Object.fromEntries(names.map((name) => [name, name in Resource ? Resource[name] : null]))));
