// Before anything of a page is painted: who has signed out sees nothing of his, though the server could not be told yet.
if (localStorage.getItem("authassay-signing-out") !== null) document.documentElement.hidden = true;
