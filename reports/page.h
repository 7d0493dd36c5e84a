// The look and the behaviour of the HTML report, as text that goes into it: a report is one file that loads nothing.
#pragma once

namespace reports {

inline constexpr const char* page_style = R"css(
:root { color-scheme: light dark; --bg: #fff; --ink: #16202a; --dim: #55616d; --rule: #d5dbe1; --card: #f5f7f9;
  --good: #1b7f4d; --bad: #b3261e; --odd: #8a5a00; --idle: #8a949e; --second: #2f5fb3; }
@media (prefers-color-scheme: dark) { :root { --bg: #12181e; --ink: #e8edf2; --dim: #a3afba; --rule: #34404b;
  --card: #1b242c; --good: #4fc38a; --bad: #ff8a80; --odd: #e5b454; --idle: #77838e; --second: #8ab4ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 110rem; background: var(--bg); color: var(--ink);
  font: 15px/1.45 system-ui, "Liberation Sans", Arial, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; overflow-wrap: anywhere; } h2 { font-size: 1.05rem; margin: 0 0 .6rem; }
.dim, small, .none { color: var(--dim); } .mono { font-family: ui-monospace, "Liberation Mono", monospace;
  font-size: .85em; overflow-wrap: anywhere; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem; margin: 1rem 0; }
.tile { background: var(--card); border: 1px solid var(--rule); border-radius: .4rem; padding: .6rem .9rem; }
.tile b { display: block; font-size: 1.5rem; font-variant-numeric: tabular-nums; }
.tile small { display: block; line-height: 1.3; }
.charts { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1rem; margin: 1rem 0; }
@media (max-width: 56rem) { .charts { grid-template-columns: minmax(0, 1fr); } }
section.card { border: 1px solid var(--rule); border-radius: .4rem; padding: .8rem 1rem; margin: 1rem 0; }
.charts section.card { margin: 0; break-inside: avoid; } section.wide { grid-column: 1 / -1; }
.drawing { overflow-x: auto; }
svg { width: 100%; min-width: 27rem; max-width: 52rem; height: auto; display: block; }
svg.wide { min-width: 52rem; max-width: none; }
svg .label { fill: var(--dim); font-size: 13px; } svg .tiny { font-size: 10px; }
svg .end { text-anchor: end; } svg .middle { text-anchor: middle; } svg .strong { fill: var(--ink); font-weight: 600; }
svg .grid { stroke: var(--rule); } svg .good, svg .first { fill: var(--good); } svg .bad { fill: url(#hatch); stroke: var(--bad); }
svg .odd { fill: url(#dots); stroke: var(--odd); } svg .idle { fill: var(--idle); } svg .second { fill: var(--bg); stroke: var(--second); stroke-width: 2; }
svg .whisker { stroke: var(--good); stroke-width: 1.5; } svg .whisker.second { stroke: var(--second); stroke-width: 1.5; stroke-dasharray: 3 2; }
svg .course { fill: none; stroke: var(--good); stroke-width: 1.5; } svg .course.second { stroke: var(--second); stroke-dasharray: 5 3; }
svg .floor { stroke: var(--ink); stroke-width: 2; stroke-dasharray: 6 3; }
.key { margin: .5rem 0 0; color: var(--dim); font-size: .9em; } .key .first { color: var(--good); } .key .second { color: var(--second); }
.fixture { display: flex; flex-wrap: wrap; gap: .75rem; }
.hub { padding: .3rem .4rem .4rem; border: 1px dashed var(--idle); border-radius: .4rem; max-width: 100%; }
.ports { display: flex; flex-wrap: wrap; gap: .3rem; margin-top: .2rem; }
.slot { width: 5.1rem; padding: .25rem .4rem; border: 1px solid var(--rule); border-radius: .3rem; background: var(--card);
  font-variant-numeric: tabular-nums; line-height: 1.3; }
.slot b, .slot span, .slot small { display: block; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.slot small { font-size: .72rem; } .slot i { display: block; height: .3rem; margin: .15rem 0; background: var(--good); }
.slot.worse { border: 3px double var(--bad); padding: calc(.25rem - 2px) calc(.4rem - 2px); }
.slot.worse i { background: repeating-linear-gradient(45deg, var(--bad) 0 3px, transparent 3px 6px); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem .5rem; border-bottom: 1px solid var(--rule); vertical-align: top; }
th { position: sticky; top: 0; background: var(--bg); white-space: nowrap; box-shadow: 0 1px var(--rule); } td.n, th.n { text-align: right; }
th button { all: unset; cursor: pointer; font-weight: 700; } th button:focus-visible, input:focus-visible { outline: 2px solid var(--second); }
th button::after { content: " \2195"; color: var(--idle); font-weight: 400; }
th[aria-sort=ascending] button::after { content: " \25B2"; color: inherit; }
th[aria-sort=descending] button::after { content: " \25BC"; color: inherit; }
.v { white-space: nowrap; font-weight: 600; } .v.good { color: var(--good); } .v.bad { color: var(--bad); } .v.odd { color: var(--odd); }
.w { white-space: nowrap; } td.fault { min-width: 14rem; } .scroll { overflow: auto; max-height: 85vh; }
input { font: inherit; padding: .3rem .5rem; width: min(24rem, 100%); margin: 0 1rem .5rem 0;
  color: inherit; background: var(--card); border: 1px solid var(--idle); border-radius: .3rem; }
details { border-bottom: 1px solid var(--rule); padding: .25rem 0; } summary { cursor: pointer; }
table.facts th { position: static; box-shadow: none; color: var(--dim); font-weight: 400; padding-left: 0; } pre { overflow-x: auto; font-size: .85em; }
.made { height: .6rem; border: 1px solid var(--idle); max-width: 40rem; } .made i { display: block; height: 100%; background: var(--good); print-color-adjust: exact; }
a { color: var(--second); } .attempt { break-inside: avoid; }
footer { color: var(--dim); font-size: .9em; }
@page { size: landscape; margin: 11mm; }
@media print { :root { color-scheme: light; --bg: #fff; --ink: #000; --dim: #333; --rule: #aaa; --card: #fff; --good: #555;
  --bad: #000; --odd: #000; --idle: #999; --second: #000; }
  body { padding: 0; max-width: none; font-size: 9pt; line-height: 1.3; } input, .screen { display: none; }
  .tiles { grid-template-columns: repeat(6, 1fr); margin: .5rem 0; gap: .4rem; } .tile { padding: .3rem .5rem; } .tile b { font-size: 1.1rem; }
  .charts { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: .5rem; } section.card { padding: .4rem .6rem; } h2 { margin: 0 0 .2rem; break-after: avoid; }
  .key { margin: .2rem 0 0; } svg, svg.wide { min-width: 0; max-width: none; max-height: 155mm; } .drawing, .scroll { overflow: visible; max-height: none; }
  .fixture { gap: .4rem; } .hub { break-inside: avoid; padding: .15rem .2rem .2rem; } .ports { gap: .15rem; }
  .slot { width: 3.7rem; padding: .1rem .2rem; } .slot.worse { padding: 0 .1rem; } .slot small { font-size: .56rem; } .slot i { print-color-adjust: exact; }
  table { font-size: 7pt; line-height: 1.2; } th, td { padding: .1rem .3rem; } th { position: static; box-shadow: none; }
  td.fault { min-width: 0; } th button::after, th[aria-sort] button::after { content: ""; } tr { break-inside: avoid; } thead { display: table-header-group; } }
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
