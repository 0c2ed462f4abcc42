import { File } from '../../api/operations';

const IMAGES = /^image\/(png|jpeg|gif|webp|avif|bmp|x-icon)$/;
const TEXTS =
  /^(text\/.*|application\/(json|geo\+json|javascript|xml|yaml|x-yaml|toml|sql|x-sh|x-python|x-tex|x-latex)|.*\+(json|xml))$/;
const LARGEST_NOTEBOOK = 20_000_000;

/**
 * How a published file can be previewed: as a raster image; in a sandbox as a drawing, as a page of
 * its own or as rendered by the server; or not at all.
 */
export function previewOf(
  file: File
): 'image' | 'drawing' | 'site' | 'document' | 'none' {
  const kind = (file.media_type.split(';')[0] ?? '').trim().toLowerCase();
  if (IMAGES.test(kind)) {
    return 'image';
  }
  if (kind === 'image/svg+xml') {
    return 'drawing';
  }
  if (kind === 'text/html' || kind === 'application/xhtml+xml') {
    return 'site';
  }
  if (kind === 'application/x-ipynb+json' || file.path.endsWith('.ipynb')) {
    return file.size <= LARGEST_NOTEBOOK ? 'document' : 'none';
  }
  return TEXTS.test(kind) ? 'document' : 'none';
}
