// The last failures, each with both sides: the attempt, and who holds the lock.

import {el, keep, setText, time} from './dom.js';

const SHOWN = 20;
const RESULTS = {aa: 'AA', abba: 'ABBA', timeout: 'Timeout', no_node: 'No node'};

export class FailureList {
  #list;
  #empty;
  #known = new Map();

  constructor(section) {
    this.#list = section.querySelector('ol');
    this.#empty = section.querySelector('.empty');
  }

  /** Takes an answer of /failures. What is folded open stays, however many come after it. */
  update({count, failures, reports}) {
    const open = new Set([...this.#list.querySelectorAll('details[open]')].map((each) => Number(each.dataset.number)));
    for (const number of this.#known.keys()) {
      if (!open.has(number) || number > count) {
        this.#known.delete(number);
      }
    }
    for (const failure of failures.slice(0, SHOWN)) {
      failure.text = this.#known.get(failure.number)?.text ?? reportOf(failure, reports);
      this.#known.set(failure.number, failure);
    }
    const shown = [...this.#known.values()].sort((a, b) => b.number - a.number);
    keep(this.#list, shown, (failure) => failure.number + failure.at, makeFailure, updateFailure);
    setText(this.#empty, count === 0 ? 'No attempt has failed.' : '');
  }
}

/** The newest report of a program whose attempt was at the same lock, on the same CPU, against the same holder. */
function reportOf(failure, reports) {
  const cpu = new RegExp('^CPU: ' + failure.cpu + ' ', 'm');
  const holder = failure.holder_cpu === null ? '' : 'Holder: CPU ' + failure.holder_cpu + ' in ' + failure.holder_context;
  const address = BigInt(failure.address);
  const found = reports.find((report) => {
    const attempted = /^Attempted lock +=\s*(0x[0-9a-f]{1,16})$/m.exec(report.text);
    return attempted !== null && BigInt(attempted[1]) === address && cpu.test(report.text) && report.text.includes(holder);
  });
  return found === undefined ? null : {program: found.object + ' / ' + found.program, text: found.text};
}

function makeFailure(failure) {
  const summary = el(
    'summary',
    {},
    el('span', {class: 'result ' + failure.result}, RESULTS[failure.result] ?? failure.result),
    ' ',
    el('span', {class: 'name'}, failure.lock),
    el('span', {class: 'where'}, 'CPU ' + failure.cpu + ', ' + failure.context),
    el('time', {datetime: failure.at}, new Date(failure.at).toLocaleTimeString([], {hour12: false})),
  );
  return el('li', {}, el('details', {'data-number': failure.number}, summary, el('div', {class: 'sides'})));
}

function updateFailure(element, failure) {
  const sides = element.querySelector('.sides');
  const isFilled = sides.dataset.filled === (failure.text === null ? 'half' : 'whole');
  if (isFilled) {
    return;
  }
  sides.dataset.filled = failure.text === null ? 'half' : 'whole';
  const holder = failure.holder_cpu === null ? 'Nobody held it any more' : 'CPU ' + failure.holder_cpu + ', ' + failure.holder_context;
  const lines = sourceLines(failure.text?.text ?? '');
  sides.replaceChildren(
    side('Attempt', 'CPU ' + failure.cpu + ', ' + failure.context + ', waited ' + time(failure.waited_ns), lines.attempt),
    side('Holder', holder, lines.holder),
    el('pre', {tabindex: 0, 'aria-label': 'Report of the lock'}, failure.report.trimEnd()),
  );
  if (failure.text !== null) {
    sides.append(
      el('p', {class: 'note wide'}, 'Program ' + failure.text.program + ' was told, at its latest failure of this kind:'),
      el('pre', {class: 'wide', tabindex: 0, 'aria-label': "Report in the program's stderr"}, failure.text.text),
    );
  }
}

function side(title, where, line) {
  const lineElement = line === null ? el('p', {class: 'note'}, 'The source line is not known.') : el('p', {}, el('code', {}, line.source), el('span', {class: 'place'}, line.place));
  return el('div', {class: 'side'}, el('h3', {}, title), el('p', {}, where), lineElement);
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
