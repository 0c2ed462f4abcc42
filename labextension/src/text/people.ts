/** Return the one or two letters that represent a user. */
export function initials(name: string): string {
  const words = name.split(/[\s._@-]+/).filter(word => word);
  const letters = words.slice(0, 2).map(word => [...word][0]);
  return letters.join('').toUpperCase() || '?';
}

/** Return the number, 1 to 7, of the JupyterLab collaborator colour that represents a user. */
export function hue(name: string): number {
  return (
    ([...name].reduce(
      (sum, char, i) => sum + (char.codePointAt(0) ?? 0) * (i + 1),
      0
    ) %
      7) +
    1
  );
}
