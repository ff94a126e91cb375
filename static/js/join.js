// The token of an invitation stands behind the # of its link, which no server and no log ever sees.
// It goes into the form once and leaves the address bar at the same time.
(() => {
  const field = document.querySelector("[data-from-fragment]");
  const open = () => {
    const token = location.hash.slice(1);
    if (!field || !token) return;
    history.replaceState(null, "", location.pathname);
    field.value = token;
    field.form.submit();
  };
  addEventListener("hashchange", open); // the link pasted while this page is open
  open();
})();
