// How Allure makes the report: one file that works from disk, and one environment for each cell.
// AUTHASSAY_ALLURE holds {"cells": [id…], "output": folder} as JSON. A result says its cell by the label `cell`.
const { cells, output } = JSON.parse(process.env.AUTHASSAY_ALLURE);

const isOf = (cell) => ({ labels }) => labels.some(({ name, value }) => name === "cell" && value === cell);

// Allure takes no "/" in a name: a cell's id is shown with middle dots.
const environment = (cell) => ({ name: cell.replaceAll("/", " · "), matcher: isOf(cell) });

export default {
  name: "Authassay",
  output,
  environments: Object.fromEntries(cells.map((cell, index) => [`cell-${index + 1}`, environment(cell)])),
  plugins: {
    awesome: { options: { singleFile: true, reportLanguage: "en", groupBy: ["epic", "feature"] } },
  },
};
