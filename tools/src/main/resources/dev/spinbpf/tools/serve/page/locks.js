// The table of locks: a row for each lock and context.

import {count, el, keep, percent, Rates, setText, svg, time} from './dom.js';

const RESULTS = ['aa', 'abba', 'timeout', 'no_node'];
const MOST_ROWS = 200;
const HISTORY = 60;

const COLUMNS = [
  {key: 'name', label: 'Lock', ascending: true},
  {key: 'context', label: 'Context', ascending: true},
  {key: 'now', label: 'Failing now', number: true},
  {key: 'rate', label: 'Attempts/s', number: true},
  {key: 'overall', label: 'Failing overall', number: true},
  {key: 'aa', label: 'AA', number: true},
  {key: 'abba', label: 'ABBA', number: true},
  {key: 'timeout', label: 'Timeout', number: true},
  {key: 'no_node', label: 'No node', number: true},
  {key: 'p99', label: 'Wait p99', number: true},
];

export class LockTable {
  #body;
  #empty;
  #heads = new Map();
  #rates = new Rates();
  #history = new Map();
  #rows = [];
  #column = COLUMNS[2];
  #ascending = false;

  constructor(section) {
    this.#body = section.querySelector('tbody');
    this.#empty = section.querySelector('.empty');
    const row = el('tr');
    for (const column of COLUMNS) {
      const button = el('button', {type: 'button'}, column.label);
      button.addEventListener('click', () => this.#sortBy(column));
      const head = el('th', {scope: 'col', class: column.number ? 'number' : ''}, button);
      this.#heads.set(column, head);
      row.append(head);
    }
    section.querySelector('thead').append(row);
    this.#markHeads();
  }

  #sortBy(column) {
    this.#ascending = column === this.#column ? !this.#ascending : column.ascending === true;
    this.#column = column;
    this.#markHeads();
    this.#draw();
  }

  #markHeads() {
    for (const [column, head] of this.#heads) {
      const direction = this.#ascending ? 'ascending' : 'descending';
      head.setAttribute('aria-sort', column === this.#column ? direction : 'none');
    }
  }

  /** Takes an answer of /locks. */
  update({locks}, nowMillis) {
    this.#rates.begin(nowMillis);
    const history = new Map();
    const seen = new Map();
    this.#rows = locks.flatMap((lock) => lock.contexts.map((counted) => this.#row(lock, counted, seen, history)));
    this.#history = history;
    this.#draw();
  }

  #row(lock, counted, seen, history) {
    let key = lock.name + '\n' + counted.context;
    const times = (seen.get(key) ?? 0) + 1;
    seen.set(key, times);
    key += '\n' + times;
    const failed = RESULTS.reduce((sum, result) => sum + counted[result], 0);
    const rate = this.#rates.of(key, counted.attempts);
    const failing = this.#rates.of(key + '\nfailed', failed);
    const now = rate > 0 && failing !== null ? Math.min(1, failing / rate) : null;
    const past = [...(this.#history.get(key) ?? []), now].slice(-HISTORY);
    history.set(key, past);
    const row = {key, name: lock.name, internal: lock.internal, context: counted.context, now, rate, past};
    row.overall = counted.attempts > 0 ? failed / counted.attempts : null;
    row.p99 = counted.wait_p99_ns;
    for (const result of RESULTS) {
      row[result] = counted[result];
    }
    return row;
  }

  #draw() {
    const key = this.#column.key;
    const sign = this.#ascending ? 1 : -1;
    const order = (a, b) => sign * compare(a[key], b[key]) || compare(b.overall, a.overall) || compare(a.key, b.key);
    const rows = [...this.#rows].sort(order);
    keep(this.#body, rows.slice(0, MOST_ROWS), (row) => row.key, makeRow, updateRow);
    this.#body.closest('.scroll').hidden = rows.length === 0;
    setText(this.#empty, emptyText(rows.length));
  }
}

function emptyText(rows) {
  if (rows === 0) {
    return 'No lock was taken yet.';
  }
  return rows <= MOST_ROWS ? '' : 'The first ' + MOST_ROWS + ' of ' + rows + ' rows; the others are at /api/v1/locks.';
}

function compare(a, b) {
  if (typeof a === 'string') {
    return a.localeCompare(b, 'en', {numeric: true});
  }
  return (a ?? -1) - (b ?? -1);
}

function makeRow(row) {
  const name = el('th', {scope: 'row'}, el('span', {class: 'name'}, row.name));
  if (row.internal) {
    name.append(' ', el('span', {class: 'tag'}, 'in map'));
  }
  const line = svg('path');
  const spark = svg('svg', {class: 'spark', viewBox: '0 0 60 16', preserveAspectRatio: 'none', 'aria-hidden': 'true'}, line);
  const cells = [el('td', {}, row.context), el('td', {class: 'number now'}, spark, el('span'))];
  for (const column of COLUMNS.slice(3)) {
    cells.push(el('td', {class: 'number'}));
  }
  return el('tr', {}, name, ...cells);
}

function updateRow(element, row) {
  const cells = element.children;
  const now = cells[2];
  setText(now.lastElementChild, percent(row.now));
  now.querySelector('path').setAttribute('d', sparkline(row.past));
  element.classList.toggle('failing', row.now > 0);
  setText(cells[3], row.rate === null ? '–' : count(row.rate));
  setText(cells[4], percent(row.overall));
  RESULTS.forEach((result, i) => {
    setText(cells[5 + i], count(row[result]));
    cells[5 + i].classList.toggle('zero', row[result] === 0);
  });
  setText(cells[9], time(row.p99));
}

function sparkline(past) {
  let path = '';
  let pen = 'M';
  past.forEach((share, i) => {
    if (share === null) {
      pen = 'M';
      return;
    }
    const x = HISTORY - past.length + i + 0.5;
    path += pen + x + ' ' + (15 - share * 14).toFixed(1);
    pen = 'L';
  });
  return path;
}
