// CPUs: a lane for each context, the samples of the last seconds in it, and what is nested now.

import {count, el, keep, setText, svg} from './dom.js';

const LANES = ['nmi', 'hardirq', 'softirq', 'task'];
const KINDS = ['idle', 'under', 'run'];
const HISTORY = 80;

export class CpuLanes {
  #list;
  #empty;
  #history = new Map();

  constructor(section) {
    this.#list = section.querySelector('ul');
    this.#empty = section.querySelector('.empty');
  }

  /** Takes an answer of /cpus. */
  update({cpus}) {
    const history = new Map();
    for (const cpu of cpus) {
      history.set(cpu.cpu, [...(this.#history.get(cpu.cpu) ?? []), sample(cpu)].slice(-HISTORY));
    }
    this.#history = history;
    keep(this.#list, cpus, (cpu) => cpu.cpu, makeCpu, (element, cpu) => updateCpu(element, cpu, history.get(cpu.cpu)));
    setText(this.#empty, cpus.length === 0 ? 'There are no CPUs.' : '');
  }
}

/** The state of each lane: run, under (something nests on it), idle (the CPU is there without a program), or nothing. */
function sample(cpu) {
  const lanes = {};
  for (const run of cpu.running) {
    lanes[run.context] = run.context === cpu.context ? 'run' : 'under';
  }
  lanes[cpu.context] ??= 'idle';
  return lanes;
}

function makeCpu(cpu) {
  const picture = svg('svg', {viewBox: `0 0 ${HISTORY} 40`, preserveAspectRatio: 'none', role: 'img', 'aria-label': 'Contexts of CPU ' + cpu.cpu + ' over the last samples'});
  LANES.forEach((lane, i) => {
    picture.append(svg('rect', {class: 'lane', x: 0, y: i * 10 + 0.5, width: HISTORY, height: 9}));
    for (const kind of KINDS) {
      picture.append(svg('path', {class: kind, 'data-lane': lane}));
    }
  });
  const labels = el('div', {class: 'labels', 'aria-hidden': 'true'}, ...LANES.map((lane) => el('span', {}, lane)));
  return el(
    'li',
    {},
    el('h3', {}, 'CPU ' + cpu.cpu),
    el('p', {class: 'stack'}),
    el('div', {class: 'lanes'}, labels, picture),
    el('p', {class: 'note'}, el('span', {class: 'delivered'}), el('br'), el('span', {class: 'waiting'})),
  );
}

function updateCpu(element, cpu, history) {
  setText(element.querySelector('.stack'), stack(cpu));
  for (const path of element.querySelectorAll('path')) {
    const kind = path.getAttribute('class');
    path.setAttribute('d', cells(history, path.dataset.lane, kind));
  }
  const {softirq, hardirq, nmi} = cpu.delivered;
  const delivered = [count(softirq) + ' softirq', count(hardirq) + ' hardirq', count(nmi) + ' NMI'];
  setText(element.querySelector('.delivered'), 'Interrupts: ' + delivered.join(', '));
  const names = (levels) => (levels.length > 0 ? levels.join(', ') : 'none');
  setText(element.querySelector('.waiting'), 'Pending: ' + names(cpu.pending) + '. Masked: ' + names(cpu.masked) + '.');
}

/** The nesting in words, outermost first. */
function stack(cpu) {
  const steps = cpu.running.map((run) => run.program + ' in ' + run.context);
  if (cpu.running.at(-1)?.context !== cpu.context) {
    steps.push('no program in ' + cpu.context);
  }
  return steps.join(' › ');
}

/** The cells of a lane that are of a kind. */
function cells(history, lane, kind) {
  const top = LANES.indexOf(lane) * 10 + (kind === 'idle' ? 4 : 1);
  const height = kind === 'idle' ? 2 : 8;
  const first = HISTORY - history.length;
  return history.map((lanes, i) => (lanes[lane] === kind ? `M${first + i} ${top}h.9v${height}h-.9z` : '')).join('');
}
