'use strict';
(() => {
  document.getElementById('print')?.addEventListener('click', () => window.print());
  const table = document.getElementById('attempts');
  if (!table) return;
  const body = table.tBodies[0], rows = [...body.rows], find = document.getElementById('find');
  const shown = document.getElementById('shown');
  const words = rows.map(row => row.textContent.toLowerCase());
  find.addEventListener('input', () => {
    const wanted = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    rows.forEach((row, i) => {
      row.hidden = !wanted.every(word => words[i].includes(word));
      if (!row.hidden) ++count;
    });
    shown.textContent = count + ' of ' + rows.length;
  });
  const key = (row, column) => row.cells[column].dataset.v ?? row.cells[column].textContent;
  const compare = new Intl.Collator('en', {numeric: true}).compare;
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    head.querySelector('button').addEventListener('click', () => {
      const down = head.getAttribute('aria-sort') === 'ascending';
      for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
      rows.slice().sort((a, b) => (down ? -1 : 1) * compare(key(a, column), key(b, column)))
        .forEach(row => body.append(row));
    });
  });
})();
