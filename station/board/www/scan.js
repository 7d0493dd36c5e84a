// A scanner is a keyboard that types faster than a person and ends with Enter or ETX. It is heard anywhere on the page,
// but typing into a field keeps every key; while a scan runs, its keys press no button and follow no link.

const gap = 60;      // ms between two keys of one scan; people rarely get below 80 for long
const shortest = 2;  // characters: "A3" is a slot

let keys = '';
let last = 0;
let ended = -gap;  // when ETX ended a scan: the Enter behind it belongs to the scan

const isField = (element) =>
  element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement ||
  (element instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'submit'].includes(element.type));

// STX and ETX around what was scanned come as Ctrl+B and Ctrl+C; nothing on a page answers to the first.
const frame = (event) => {
  if (!event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || isField(event.target)) return '';
  return { b: 'begin', c: 'end' }[event.key.toLowerCase()] ?? '';
};

export function onScan(hear) {
  const take = (event) => {
    const fast = event.timeStamp - last < gap;
    const scan = fast && keys.length >= shortest ? keys : '';
    keys = '';
    if (!scan) return false;
    event.preventDefault();
    event.stopPropagation();
    hear(scan.trim());
    return true;
  };

  window.addEventListener('keydown', (event) => {
    if (event.key === 'Shift' || event.key === 'Control') return;
    const is = frame(event);
    if (is === 'begin') {
      event.preventDefault();
      keys = '';
      return;
    }
    if (is === 'end') {
      if (take(event)) ended = event.timeStamp;
      return;
    }
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || isField(event.target)) {
      keys = '';
      return;
    }
    if (event.key === 'Enter' || event.key === 'Tab') {
      if (take(event) || event.timeStamp - ended >= gap) return;
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (event.key.length !== 1) {
      keys = '';
      return;
    }
    const fast = event.timeStamp - last < gap;
    if (!fast) keys = '';
    if (fast && event.key === ' ') event.preventDefault();
    keys += event.key;
    last = event.timeStamp;
  }, { capture: true });
}
