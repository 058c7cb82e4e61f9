// Before anything of a page is painted: who has signed out, though the server could not be told yet, sees nothing of his,
// and nobody sees anything while there is data of a session that is over.
const ends = Object.values(JSON.parse(localStorage.getItem("authassay-expiries") ?? "{}"));
const isOver = ends.some((at) => !(Date.now() < at));
if (isOver || localStorage.getItem("authassay-signing-out") !== null) document.documentElement.hidden = true;
