// How large tiles can be: the fixture's hubs side by side and its slots in columns, chosen so that tiles are as large
// as the room allows. Pure.

const heading = 30;  // px of a hub's name
const inside = 8;    // between tiles
const outside = 18;  // between hubs
const narrow = 104;  // px below which a tile is not shrunk: the page scrolls instead
const low = 76;

function rowsOf(cells, columns, hub_columns) {
  let rows = 0;
  let hub_rows = 0;
  for (let i = 0; i < cells.length; i += hub_columns) {
    rows += Math.max(...cells.slice(i, i + hub_columns).map((n) => Math.ceil(n / columns)));
    hub_rows += 1;
  }
  return { rows, hub_rows };
}

function candidate(width, height, cells, columns, hub_columns) {
  const { rows, hub_rows } = rowsOf(cells, columns, hub_columns);
  const tile_width = (width - outside * (hub_columns - 1)) / hub_columns / columns - inside * (columns - 1) / columns;
  const tile_height = (height - hub_rows * heading - outside * (hub_rows - 1) - inside * (rows - hub_rows)) / rows;
  // A tile reads best a little wider than high; what goes beyond adds nothing.
  const unit = Math.min(tile_width / 1.25, tile_height, Math.max(tile_width, tile_height) / 1.4 + 1e4);
  return { columns, hub_columns, tile_width, tile_height, unit, scrolls: false };
}

// `cells`: places of each hub, in order. The answer's `unit` is what type in a tile scales with, in px.
export function plan(width, height, cells) {
  const most = Math.max(1, ...cells);
  let best = null;
  for (let hub_columns = 1; hub_columns <= Math.max(1, cells.length); hub_columns += 1) {
    for (let columns = 1; columns <= most; columns += 1) {
      const one = candidate(width, height, cells, columns, hub_columns);
      if (one.tile_width < narrow || one.tile_height < low) continue;
      if (!best || one.unit > best.unit) best = one;
    }
  }
  return best ?? scrolling(width, most);
}

function scrolling(width, most) {
  const columns = Math.max(1, Math.min(most, Math.floor((width + inside) / (narrow + inside))));
  const tile_width = (width - inside * (columns - 1)) / columns;
  const tile_height = Math.max(low, Math.min(tile_width, 150));
  return { columns, hub_columns: 1, tile_width, tile_height, unit: Math.min(tile_width / 1.25, tile_height), scrolls: true };
}
