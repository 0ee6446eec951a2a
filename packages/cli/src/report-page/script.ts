/**
 * The page's only script: shows the account filters, which need it, and opens every table before printing. Without it
 * everything can still be read. It builds no markup from strings.
 */
export const SCRIPT = `'use strict';
for (const box of document.querySelectorAll('.filter')) {
  const input = box.querySelector('input');
  const rows = document.getElementById(input.id.replace('filter', 'members')).tBodies[0].rows;
  box.hidden = false;
  input.addEventListener('input', () => {
    const wanted = input.value.toLowerCase();
    for (const row of rows) row.hidden = !row.cells[0].textContent.toLowerCase().includes(wanted);
  });
}
const closed = new Set();
addEventListener('beforeprint', () => {
  for (const part of document.querySelectorAll('details:not([open])')) { closed.add(part); part.open = true; }
});
addEventListener('afterprint', () => {
  for (const part of closed) part.open = false;
  closed.clear();
});
`;
