// The look and the behaviour of the HTML report, as text that goes into it: a report is one file that loads nothing.
#pragma once

namespace reports {

inline constexpr const char* page_style = R"css(
:root { color-scheme: light dark; --bg: #fff; --ink: #16202a; --dim: #55616d; --rule: #d5dbe1; --card: #f5f7f9;
  --good: #1b7f4d; --bad: #b3261e; --odd: #8a5a00; --idle: #8a949e; --second: #2f5fb3; }
@media (prefers-color-scheme: dark) { :root { --bg: #12181e; --ink: #e8edf2; --dim: #a3afba; --rule: #34404b;
  --card: #1b242c; --good: #4fc38a; --bad: #ff8a80; --odd: #e5b454; --idle: #77838e; --second: #8ab4ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 96rem; background: var(--bg); color: var(--ink);
  font: 15px/1.45 system-ui, "Liberation Sans", Arial, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.05rem; margin: 0 0 .5rem; }
.dim, small, .none { color: var(--dim); } .mono { font-family: ui-monospace, "Liberation Mono", monospace;
  font-size: .85em; overflow-wrap: anywhere; }
.tiles { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1rem 0; }
.tile { background: var(--card); border: 1px solid var(--rule); border-radius: .4rem; padding: .6rem .9rem; min-width: 9rem; }
.tile b { display: block; font-size: 1.5rem; font-variant-numeric: tabular-nums; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(30rem, 100%), 1fr)); gap: 1rem; }
section.card { border: 1px solid var(--rule); border-radius: .4rem; padding: .8rem 1rem; break-inside: avoid; }
section.wide { grid-column: 1 / -1; }
svg { width: 100%; height: auto; display: block; } svg .label { fill: var(--dim); font-size: 12px; }
svg .end { text-anchor: end; } svg .middle { text-anchor: middle; } svg .strong { fill: var(--ink); font-weight: 600; }
svg .grid { stroke: var(--rule); } svg .good, svg .first { fill: var(--good); } svg .bad { fill: url(#hatch); stroke: var(--bad); }
svg .odd { fill: url(#dots); stroke: var(--odd); } svg .idle { fill: var(--idle); } svg .second { fill: var(--bg); stroke: var(--second); stroke-width: 2; }
svg .whisker { stroke: var(--good); stroke-width: 2; } svg .whisker.second { stroke: var(--second); stroke-dasharray: 3 2; }
svg .floor { stroke: var(--ink); stroke-width: 2; stroke-dasharray: 6 3; }
.key { margin: .4rem 0 0; color: var(--dim); font-size: .9em; }
.fixture { display: flex; flex-wrap: wrap; gap: .75rem; } .hub { display: flex; flex-wrap: wrap; gap: .3rem; padding: .4rem;
  border: 1px dashed var(--rule); border-radius: .4rem; }
.slot { min-width: 5.5rem; padding: .3rem .5rem; border: 1px solid var(--rule); border-radius: .3rem; background: var(--card); }
.slot b, .slot span, .slot small { display: block; white-space: nowrap; font-variant-numeric: tabular-nums; }
.slot.worse { border: 3px double var(--bad); } .slot.worse small { color: var(--bad); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; } table.small { width: auto; }
th, td { text-align: left; padding: .25rem .5rem; border-bottom: 1px solid var(--rule); vertical-align: top; }
th { position: sticky; top: 0; background: var(--bg); white-space: nowrap; } td.n, th.n { text-align: right; }
th button { all: unset; cursor: pointer; font-weight: 700; } th button:focus-visible, input:focus-visible { outline: 2px solid var(--second); }
th[aria-sort=ascending] button::after { content: " \25B2"; } th[aria-sort=descending] button::after { content: " \25BC"; }
.v { white-space: nowrap; font-weight: 600; } .v.good { color: var(--good); } .v.bad { color: var(--bad); } .v.odd { color: var(--odd); }
td.w { white-space: nowrap; } .scroll { overflow-x: auto; } input { font: inherit; padding: .3rem .5rem; width: min(24rem, 100%); margin: 0 1rem .5rem 0;
  color: inherit; background: var(--card); border: 1px solid var(--idle); border-radius: .3rem; }
footer { margin-top: 1.5rem; color: var(--dim); font-size: .9em; }
@media print { :root { color-scheme: light; --bg: #fff; --ink: #000; --dim: #333; --rule: #999; --card: #fff; --good: #000;
  --bad: #000; --odd: #000; --idle: #999; --second: #000; }
  body { padding: 0; font-size: 10pt; } input, .screen { display: none; } th { position: static; }
  .charts { grid-template-columns: 1fr 1fr; } tr { break-inside: avoid; } thead { display: table-header-group; } }
)css";

// Search and sort. Without it the page still shows everything.
inline constexpr const char* page_script = R"js(
'use strict';
(() => {
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
)js";

}  // namespace reports
