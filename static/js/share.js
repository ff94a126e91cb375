// The code of a share link stands behind the # of its address, which no server and no log ever sees.
// It goes into the form once and leaves the address bar at the same time.
(() => {
  const take = () => {
    const field = document.querySelector("[data-from-fragment]");
    const code = location.hash.slice(1);
    if (!field || !code) return;
    history.replaceState(null, "", location.pathname);
    field.value = code;
    field.form.submit();
  };
  window.addEventListener("hashchange", take); // the page was open already
  take();
})();
