// Connects the buttons of a page with the passkey ceremonies of allauth, and says in words when one fails.
(() => {
  const ids = { credential: "id_credential", passwordless: "id_passwordless", data: "passkey-data" };
  const kinds = { addForm: "add", authenticateForm: "authenticate", loginForm: "login" };
  for (const button of document.querySelectorAll("[data-passkey]")) {
    const kind = button.dataset.passkey;
    if (!window.PublicKeyCredential) button.disabled = true;
    window.allauth.webauthn.forms[kind]({ ids: { ...ids, [kinds[kind]]: button.id } });
  }
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    const place = document.querySelector("[data-passkey-refused]");
    if (place) place.hidden = false;
  });
})();
