// Takes an invitation's key out of the address, where it stands behind a #, and shows what it opens.
export function takeInvitation() {
  const form = document.querySelector("[data-invitation]");
  const key = location.hash.slice(1);
  if (!form || !key.startsWith("jinv_")) return;
  history.replaceState(null, "", location.pathname + location.search);
  form.elements.key.value = key;
  form.requestSubmit();
}
