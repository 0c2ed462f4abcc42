import { LabIcon } from '@jupyterlab/ui-components';

/** Create an icon from a path on a 16-unit grid, in the theme's colours. */
function drawn(name: string, path: string): LabIcon {
  return new LabIcon({
    name: `jupyter-sessions:${name}`,
    svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16" fill="none" stroke-width="1.3" stroke-linecap="round" stroke-linejoin="round"><path class="jp-icon3" style="fill:none" stroke="#616161" d="${path}"/></svg>`
  });
}

/** The extension's logo: a cell's brackets around three commands of growing length. */
export const experimentsIcon = new LabIcon({
  name: 'jupyter-sessions:experiments',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 32 32"><path class="jp-icon3" fill="#616161" d="M3 3h9v3.4H6.4v19.2H12V29H3zM29 3h-9v3.4h5.6v19.2H20V29h9z"/><path class="jp-icon3" fill="#616161" d="M9.3 17.5h3.2v5H9.3zM14.4 13h3.2v9.5h-3.2zM19.5 8.5h3.2v14h-3.2z"/></svg>'
});

export const copyIcon = drawn('copy', 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3');
export const linkIcon = drawn(
  'link',
  'M6.5 9.5l3-3M7 4.5l1.6-1.6a3 3 0 0 1 4.3 4.3L11.3 8.8M9 11.5l-1.6 1.6a3 3 0 0 1-4.3-4.3L4.7 7.2'
);
export const insertIcon = drawn(
  'insert',
  'M8 2v8M4.5 6.8 8 10.3l3.5-3.5M2.5 13.5h11'
);
export const publishIcon = drawn(
  'publish',
  'M8 10.5V2.5M4.5 6 8 2.5 11.5 6M2.5 13.5h11'
);
export const downloadIcon = drawn(
  'download',
  'M8 2v8.5M4.5 7 8 10.5 11.5 7M2.5 13.5h11'
);
export const runIcon = drawn('run', 'M5 3l7.5 5L5 13z');
export const joinIcon = drawn('join', 'M9.5 2.5h4v11h-4M1.5 8h8.5M7 5l3 3-3 3');
export const folderIcon = drawn('folder', 'M1.5 13V3.5h4.8l1.5 2h6.7V13z');
export const fileIcon = drawn('file', 'M3.5 1.5h6l3 3v10h-9zM9.5 1.5v3h3');
export const imageIcon = drawn(
  'image',
  'M1.5 3h13v10h-13zM1.5 11l3.6-3.4 3 2.6 2.6-2.2 3.8 3M6 6a.8.8 0 1 1-1.6 0A.8.8 0 0 1 6 6'
);
export const peopleIcon = drawn(
  'people',
  'M8 5a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0M1 13.5c0-3 2-4.5 4.5-4.5s4.5 1.5 4.5 4.5M10.5 2.7a2.5 2.5 0 0 1 0 4.6M12 9.3c1.9.6 3 2 3 4.2'
);
