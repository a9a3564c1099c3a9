// The table of programs: a row for each program and context in which it ran.

import {count, el, keep, Rates, setText} from './dom.js';

const COLUMNS = ['Program', 'State', 'Context', 'Runs', 'Runs/s', 'Misses', 'Faults'];
const FIRST_NUMBER = 3;
const MOST_ROWS = 200;

export class ProgramTable {
  #body;
  #empty;
  #refused;
  #rates = new Rates();

  constructor(section) {
    this.#body = section.querySelector('tbody');
    this.#empty = section.querySelector('.empty');
    this.#refused = section.querySelector('.refused');
    const heads = COLUMNS.map((label, i) => el('th', {scope: 'col', class: i < FIRST_NUMBER ? '' : 'number'}, label));
    section.querySelector('thead').append(el('tr', {}, ...heads));
  }

  /** Takes an answer of /programs. */
  update({programs}, nowMillis) {
    this.#rates.begin(nowMillis);
    const rows = programs.flatMap((program) => this.#rows(program)).slice(0, MOST_ROWS);
    keep(this.#body, rows, (row) => row.key, makeRow, updateRow);
    const refused = programs.filter((program) => program.message !== '').slice(0, MOST_ROWS);
    keep(this.#refused, refused, keyOf, makeRefused, () => {});
    this.#body.closest('.scroll').hidden = rows.length === 0;
    const more = rows.length === MOST_ROWS ? 'The first ' + MOST_ROWS + ' rows; the others are at /api/v1/programs.' : '';
    setText(this.#empty, programs.length === 0 ? 'No program is here.' : more);
  }

  #rows(program) {
    const contexts = program.contexts.length > 0 ? program.contexts : [{context: '–', runs: 0, misses: 0, faults: 0}];
    return contexts.map((counted) => {
      const key = keyOf(program) + '\n' + counted.context;
      return {key, program, counted, rate: this.#rates.of(key, counted.runs)};
    });
  }
}

function keyOf(program) {
  return [program.object, program.name, program.state].join('\n');
}

/** The reason why a program is not here, folded. */
function makeRefused(program) {
  const text = program.message + (program.explanation === '' ? '' : '\n\n' + program.explanation);
  const summary = el('summary', {}, el('span', {class: program.state}, program.state), ' ', el('span', {class: 'name'}, program.name));
  return el('details', {}, summary, el('pre', {tabindex: 0, role: 'group', 'aria-label': 'Why ' + program.name + ' is ' + program.state}, text));
}

function makeRow({program, counted}) {
  const name = el('th', {scope: 'row'}, el('span', {class: 'name'}, program.name), el('span', {class: 'place'}, program.object + ', ' + program.type));
  const numbers = COLUMNS.slice(FIRST_NUMBER).map(() => el('td', {class: 'number'}));
  return el('tr', {}, name, el('td', {class: program.state}), el('td', {}, counted.context), ...numbers);
}

function updateRow(element, {program, counted, rate}) {
  const cells = element.children;
  setText(cells[1], program.state + (program.hook === '' ? '' : ' to ' + program.hook));
  const numbers = [counted.runs, rate, counted.misses, counted.faults];
  numbers.forEach((value, i) => {
    setText(cells[FIRST_NUMBER + i], value === null ? '–' : count(value));
    cells[FIRST_NUMBER + i].classList.toggle('zero', value === 0);
  });
  cells[FIRST_NUMBER + 3].classList.toggle('bad', counted.faults > 0);
}
