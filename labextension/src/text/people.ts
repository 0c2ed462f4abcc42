/** The one or two letters that stand for a person. */
export function initials(name: string): string {
  const words = name.split(/[\s._@-]+/).filter(word => word);
  const letters = words.slice(0, 2).map(word => [...word][0]);
  return letters.join('').toUpperCase() || '?';
}

/** The number, 1 to 7, of JupyterLab's collaborator colours that stands for a person. */
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
