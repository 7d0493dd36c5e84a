// How large tiles can be: hubs stand on shelves beside each other, each with its slots in rows of at most so many, all
// tiles of one size, and that as large as the room allows. Pure.

const heading = 30;  // px of a hub's name
const inside = 8;    // between tiles
const outside = 18;  // between hubs
const below = 12;    // under a shelf
const narrow = 104;  // px below which a tile is not shrunk: the page scrolls instead
const low = 76;

// Hubs in order, as a wrapping line of boxes breaks them.
function shelves(cells, columns, most_columns) {
  const all = [];
  for (const n of cells) {
    const wide = Math.min(n, columns);
    const last = all.at(-1);
    if (last && last.columns + wide <= most_columns) {
      last.columns += wide;
      last.hubs += 1;
      last.rows = Math.max(last.rows, Math.ceil(n / wide));
    } else {
      all.push({ columns: wide, hubs: 1, rows: Math.ceil(n / wide) });
    }
  }
  return all;
}

function candidate(width, height, cells, columns, most_columns) {
  const all = shelves(cells, columns, most_columns);
  const rows = all.reduce((sum, shelf) => sum + shelf.rows, 0);
  const gaps = (shelf) => outside * (shelf.hubs - 1) + inside * (shelf.columns - shelf.hubs);
  const tile_width = Math.min(...all.map((shelf) => (width - gaps(shelf)) / shelf.columns));
  const tile_height = (height - all.length * heading - below * (all.length - 1) - inside * (rows - all.length)) / rows;
  return fitted(columns, tile_width, tile_height, false);
}

// A tile reads best a little wider than high; one that is much higher than wide only looks empty.
function fitted(columns, tile_width, tile_height, scrolls) {
  const wide = Math.floor(Math.min(tile_width, tile_height * 1.9));
  const high = Math.floor(Math.min(tile_height, tile_width * 1.15));
  return { columns, tile_width: wide, tile_height: high, unit: Math.min(wide / 1.25, high), scrolls };
}

// `cells`: places of each hub, in order. `columns`: most in a row of one hub; `unit`: what type in a tile scales with.
export function plan(width, height, cells) {
  const most = Math.max(1, ...cells);
  const sum = cells.reduce((all, n) => all + n, 0);
  let best = null;
  for (let columns = 1; columns <= most; columns += 1) {
    for (let most_columns = columns; most_columns <= Math.min(sum, 40); most_columns += 1) {
      const one = candidate(width, height, cells, columns, most_columns);
      if (one.tile_width < narrow || one.tile_height < low) continue;
      if (!best || one.unit > best.unit + .5) best = one;
    }
  }
  return best ?? scrolling(width, most);
}

function scrolling(width, most) {
  const columns = Math.max(1, Math.min(most, Math.floor((width + inside) / (narrow + inside))));
  const tile_width = (width - inside * (columns - 1)) / columns;
  return fitted(columns, tile_width, Math.max(low, Math.min(tile_width, 150)), true);
}
