// A scanner is a keyboard that types faster than a person and ends with Enter. It is heard anywhere on the page, but
// whoever types into a field keeps every key; while a scan runs, its keys press no button and follow no link.

const gap = 60;      // ms between two keys of one scan; people rarely get below 80 for long
const shortest = 2;  // characters: "A3" is a slot

let keys = '';
let last = 0;

const isField = (element) =>
  element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement ||
  (element instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'submit'].includes(element.type));

export function onScan(hear) {
  window.addEventListener('keydown', (event) => {
    // STX and ETX around what was scanned come as Ctrl+B and Ctrl+C.
    const frames = event.ctrlKey && !event.altKey && ['b', 'c'].includes(event.key.toLowerCase());
    if (frames && !isField(event.target) && keys && event.timeStamp - last < gap) {
      last = event.timeStamp;
      return;
    }
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || isField(event.target)) {
      keys = '';
      return;
    }
    const fast = event.timeStamp - last < gap;
    if (event.key === 'Shift') return;
    if (event.key === 'Enter' || event.key === 'Tab') {
      const scan = fast && keys.length >= shortest ? keys : '';
      keys = '';
      if (!scan) return;
      event.preventDefault();
      event.stopPropagation();
      hear(scan.trim());
      return;
    }
    if (event.key.length !== 1) {
      keys = '';
      return;
    }
    if (!fast) keys = '';
    if (fast && event.key === ' ') event.preventDefault();
    keys += event.key;
    last = event.timeStamp;
  }, { capture: true });
}
