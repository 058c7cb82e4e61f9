// Makes replicache.js of the packages beside it: `npm ci --ignore-scripts && npm run build`, or `node build.mjs FILE`.
import { build } from "esbuild";

const outfile = process.argv[2] ?? "../static/replicache.js";
await build({
  stdin: { contents: 'export { Replicache, dropAllDatabases } from "replicache";', resolveDir: import.meta.dirname },
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none",
  logLevel: "warning",
  outfile,
});
