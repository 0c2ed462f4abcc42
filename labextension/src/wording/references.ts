/** The code in a session's code or URL, empty where there is none. */
export function codeIn(reference: string): string {
  const text = reference.trim();
  const inUrl = /\/sessions\/(\d+)(?:\/|$)/.exec(text.replace(/[?#].*$/, ''));
  return inUrl?.[1] ?? (/^\d{6,}$/.test(text) ? text : '');
}

/** Whether a session's code or URL leads to the server at `baseUrl`. */
export function isHere(reference: string, baseUrl: string): boolean {
  const text = reference.trim();
  if (/^\d+$/.test(text)) {
    return true;
  }
  const absolute = new URL(baseUrl, window.location.href).href;
  return text.startsWith(absolute);
}
