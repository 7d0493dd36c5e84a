// Elements out of values. Whatever a label, a serial or a remark holds goes in as text, never as markup; what is set
// is compared first, because most of an update changes nothing.

export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === 'on') for (const [event, act] of Object.entries(value)) element.addEventListener(event, act);
    else if (name === 'value') element.value = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const svg = 'http://www.w3.org/2000/svg';

// A symbol of index.html. It stands beside its word, so it is not read out.
export function icon(name, kind = 'icon') {
  const element = document.createElementNS(svg, 'svg');
  element.setAttribute('class', kind);
  element.setAttribute('aria-hidden', 'true');
  element.append(document.createElementNS(svg, 'use'));
  setIcon(element, name);
  return element;
}

export function setIcon(element, name) {
  const use = element.firstChild;
  if (use.getAttribute('href') !== '#' + name) use.setAttribute('href', '#' + name);
}

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function setAttribute(element, name, value) {
  if (value === null || value === undefined || value === false) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
  } else if (element.getAttribute(name) !== String(value)) {
    element.setAttribute(name, value);
  }
}

export function fill(element, ...children) {
  element.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function button(text, act, { kind = '', iconName, ...more } = {}) {
  return h('button', { type: 'button', class: ('button ' + kind).trim(), on: { click: act }, ...more },
    iconName && icon(iconName), h('span', {}, text));
}
