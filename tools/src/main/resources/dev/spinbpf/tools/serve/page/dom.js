// Elements, numbers and lists. Names come from hostile objects: text is only ever set as text.

const SVG = 'http://www.w3.org/2000/svg';

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** An HTML element with attributes and children, which are elements or texts. */
export function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** Sets an element's text, if it is another one: what has not changed keeps its selection. */
export function setText(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

/**
 * Makes the children of an element those of a list, in its order. A child stays the same element as long as its item
 * is there, so that focus, selection and what is folded open stay.
 */
export function keep(parent, items, keyOf, make, update) {
  const before = parent.keptByKey ?? new Map();
  const after = new Map();
  let next = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    const child = before.get(key) ?? make(item);
    before.delete(key);
    after.set(key, child);
    update(child, item);
    if (child === next) {
      next = next.nextElementSibling;
    } else {
      parent.insertBefore(child, next);
    }
  }
  for (const child of before.values()) {
    child.remove();
  }
  parent.keptByKey = after;
}

const WHOLE = new Intl.NumberFormat('en', {maximumFractionDigits: 0});
const SHORT = new Intl.NumberFormat('en', {notation: 'compact', maximumSignificantDigits: 3});

/** A count: exact up to six digits, then shortened. */
export function count(value) {
  return Math.abs(value) < 1e6 ? WHOLE.format(value) : SHORT.format(value);
}

/** A share from 0 to 1; what is above 0 never looks like 0. */
export function percent(share) {
  if (share === null) {
    return '–';
  }
  const hundredths = share * 100;
  return share > 0 && hundredths < 0.1 ? '<0.1 %' : hundredths.toFixed(hundredths < 10 ? 1 : 0) + ' %';
}

/** A time, given in nanoseconds. */
export function time(nanos) {
  for (const [unit, size] of [['s', 1e9], ['ms', 1e6], ['µs', 1e3]]) {
    if (nanos >= size) {
      const value = nanos / size;
      return value.toFixed(value < 10 ? 1 : 0) + ' ' + unit;
    }
  }
  return nanos + ' ns';
}

/** A time, given in milliseconds, in seconds. */
export function seconds(millis) {
  return (millis / 1000).toFixed(1) + ' s';
}

/** Growth of a counter per second; null at its first sight and where it began again. */
export class Rates {
  #seen = new Map();
  #next = new Map();
  #atMillis = 0;
  #seconds = 0;

  /** Begins a round. */
  begin(nowMillis) {
    this.#seconds = (nowMillis - this.#atMillis) / 1000;
    this.#atMillis = nowMillis;
    this.#seen = this.#next;
    this.#next = new Map();
  }

  /** The growth since the round before, in units a second. */
  of(key, value) {
    this.#next.set(key, value);
    const before = this.#seen.get(key);
    return before === undefined || value < before ? null : (value - before) / this.#seconds;
  }
}
