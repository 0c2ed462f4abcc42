// Takes a secret out of the address, where it stands behind a #, and puts it into the page's form.
function takeSecret(form, field, prefix) {
  const secret = location.hash.slice(1);
  if (!form || !secret.startsWith(prefix)) return false;
  history.replaceState(null, "", location.pathname + location.search);
  form.elements[field].value = secret;
  return true;
}

// An invitation's key: shows what it opens, which uses nothing up.
export function takeInvitation() {
  const form = document.querySelector("[data-invitation]");
  if (takeSecret(form, "key", "jinv_")) form.requestSubmit();
}

// The ticket of a one-time login link: only the button uses it up.
export function takeTicket() {
  const form = document.querySelector("[data-ticket]");
  if (takeSecret(form, "ticket", "jtik_")) form.querySelector("[data-typed]").hidden = true;
}
