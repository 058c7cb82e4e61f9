// Filters the dossiers. The page says everything without it.
const tools = document.querySelector(".tools"), search = tools.querySelector("input"), verdict = tools.querySelector("select");
const dossiers = [...document.querySelectorAll(".dossier")], shown = document.querySelector("#shown");
function filter() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const dossier of dossiers) {
    const text = dossier.dataset.search.toLowerCase();
    const fits = words.every(word => text.includes(word)) && (!verdict.value || verdict.value === dossier.dataset.verdict);
    dossier.hidden = !fits;
    count += fits;
  }
  shown.textContent = count === dossiers.length ? "" : count + " of " + dossiers.length + " controls";
}
function setAll(open) {
  for (const details of document.querySelectorAll("main details")) details.open = open;
}
function openTarget() {
  let place = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const target = place;
  for (; place; place = place.parentElement) if (place.tagName === "DETAILS") place.open = true;
  if (target) target.scrollIntoView();
}
search.addEventListener("input", filter);
verdict.addEventListener("change", filter);
tools.querySelector("#open").addEventListener("click", () => setAll(true));
tools.querySelector("#close").addEventListener("click", () => setAll(false));
addEventListener("hashchange", openTarget);
tools.hidden = false;
openTarget();
