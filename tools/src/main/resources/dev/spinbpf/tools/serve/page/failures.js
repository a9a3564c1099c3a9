// The last failures, by their kind, each with both sides: the attempt, and who holds the lock.

import {el, keep, setText, time} from './dom.js';

const MOST_KINDS = 20;
const RESULTS = {aa: 'AA', abba: 'ABBA', timeout: 'Timeout', no_node: 'No node'};

export class FailureList {
  #list;
  #empty;
  #kinds = new Map();

  constructor(section) {
    this.#list = section.querySelector('ol');
    this.#empty = section.querySelector('.empty');
  }

  /** Takes an answer of /failures, whose failures are the newest first. */
  update({count, failures, reports}) {
    for (const kind of this.#kinds.values()) {
      kind.times = 0;
      if (kind.last.number > count) {
        this.#kinds.delete(kind.key);
      }
    }
    for (const failure of failures) {
      this.#add(failure, failures.length, reports);
    }
    const byAge = [...this.#kinds.values()].sort((a, b) => b.last.number - a.last.number);
    byAge.slice(MOST_KINDS).forEach((kind) => this.#kinds.delete(kind.key));
    const shown = [...this.#kinds.values()].reverse();
    keep(this.#list, shown, (kind) => kind.key, makeKind, updateKind);
    setText(this.#empty, count === 0 ? 'No attempt has failed.' : '');
  }

  #add(failure, of, reports) {
    const key = [failure.result, failure.lock, failure.cpu, failure.context, failure.holder_cpu, failure.holder_context].join('\n');
    let kind = this.#kinds.get(key);
    if (kind === undefined) {
      kind = {key, times: 0, last: failure, report: null};
      this.#kinds.set(key, kind);
    }
    if (kind.times === 0) {
      kind.last = failure;
      kind.report = reportOf(failure, reports) ?? kind.report;
    }
    kind.times++;
    kind.of = of;
  }
}

/** The newest report of a program whose attempt was at the same lock, on the same CPU, against the same holder. */
function reportOf(failure, reports) {
  const cpu = new RegExp('^CPU: ' + failure.cpu + ' ', 'm');
  const holder = failure.holder_cpu === null ? null : 'Holder: CPU ' + failure.holder_cpu + ' in ' + failure.holder_context;
  const address = BigInt(failure.address);
  const found = reports.find(({text}) => {
    const attempted = /^Attempted lock +=\s*(0x[0-9a-f]{1,16})$/m.exec(text);
    const sameHolder = holder === null ? !text.includes('\nHolder: CPU ') : text.includes(holder);
    return attempted !== null && BigInt(attempted[1]) === address && cpu.test(text) && sameHolder;
  });
  return found ?? null;
}

function makeKind({last}) {
  const summary = el(
    'summary',
    {},
    el('span', {class: 'result ' + last.result}, RESULTS[last.result] ?? last.result),
    ' ',
    el('span', {class: 'name'}, last.lock),
    ' ',
    el('span', {class: 'where'}, 'CPU ' + last.cpu + ', ' + last.context),
    ' ',
    el('time'),
    ' ',
    el('span', {class: 'times'}),
  );
  const holder = last.holder_cpu === null ? 'Nobody held it any more' : 'CPU ' + last.holder_cpu + ', ' + last.holder_context;
  const sides = el(
    'div',
    {class: 'sides'},
    side('attempt', 'Attempt', 'CPU ' + last.cpu + ', ' + last.context),
    side('holder', 'Holder', holder),
    el('pre', {class: 'lock', tabindex: 0, role: 'group', 'aria-label': 'Report of the lock'}),
    el('p', {class: 'note wide told'}),
    el('pre', {class: 'stderr', tabindex: 0, role: 'group', 'aria-label': 'Report that the program found'}),
  );
  return el('li', {}, el('details', {}, summary, sides));
}

function side(kind, title, where) {
  return el('div', {class: 'side ' + kind}, el('h3', {}, title), el('p', {}, where), el('p', {}, el('code'), el('span', {class: 'place'})));
}

function updateKind(element, {last, times, of, report}) {
  const at = element.querySelector('time');
  at.dateTime = last.at;
  setText(at, new Date(last.at).toLocaleTimeString([], {hour12: false}));
  setText(element.querySelector('.times'), times === 0 ? '' : times + ' of the last ' + of);
  setText(element.querySelector('.attempt p'), 'CPU ' + last.cpu + ', ' + last.context + ', waited ' + time(last.waited_ns));
  setText(element.querySelector('.lock'), last.report.trimEnd());
  const lines = sourceLines(report?.text ?? '');
  drawLine(element.querySelector('.attempt'), lines.attempt);
  drawLine(element.querySelector('.holder'), lines.holder);
  const told = report === null ? '' : 'Program ' + report.object + ' / ' + report.program + ' was told, at its latest failure of this kind:';
  setText(element.querySelector('.told'), told);
  const stderr = element.querySelector('.stderr');
  stderr.hidden = report === null;
  setText(stderr, report?.text ?? '');
}

function drawLine(place, line) {
  setText(place.querySelector('code'), line?.source ?? '');
  setText(place.querySelector('.place'), line?.place ?? 'The source line is not known.');
}

/** The source lines in a report: of the attempt, the first of the call trace; and of where the holder took the lock. */
function sourceLines(text) {
  const attempt = /^Call trace:\n(\S.*)\n\s+(.*) @ (\S+)$/m.exec(text);
  const holder = /^Holder: .* at (\S+) \((.*) @ (\S+)\)$/m.exec(text);
  return {
    attempt: attempt && {source: attempt[2], place: attempt[3] + ' in ' + attempt[1]},
    holder: holder && {source: holder[2], place: holder[3] + ' in ' + holder[1]},
  };
}
