// Copies the report, and takes the tools off a page that stays open when their user is no longer internal.

const ASK_AGAIN = 20_000; // milliseconds; a user who is no longer internal loses the tools within a minute
const report = () => fetch("/internal/report").catch(() => null);
const told = document.querySelector("#copied");

document.querySelector("#copy-report").addEventListener("click", async () => {
  const answer = await report();
  if (answer?.status !== 200) return takeOff();
  await navigator.clipboard.writeText(await answer.text());
  told.textContent = "Copied.";
});

const timer = setInterval(async () => {
  if ((await report())?.status !== 200) takeOff();
}, ASK_AGAIN);

// Also where nobody answers: who cannot be asked is no internal user.
function takeOff() {
  clearInterval(timer);
  const notice = Object.assign(document.createElement("p"), { className: "notice" });
  notice.textContent = "The internal tools are not available to you now.";
  notice.setAttribute("role", "status");
  document.querySelector("#internal-tools").replaceWith(notice);
}
