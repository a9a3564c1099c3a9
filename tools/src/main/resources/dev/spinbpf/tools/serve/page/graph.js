// The wait-for graph: CPUs at the left, locks at the right, an arrow from who wants to what, and from what to its holder.

import {el, keep, setText, svg} from './dom.js';

const ROW = 52;
const NODE = {width: 108, height: 30};
const X = {cpu: 66, lock: 254};
const WIDTH = 320;
const MOST_NODES = 64;

/** The graph of what CPUs hold and want now; locks that nobody waits for are left out. */
export function present({held, wanted}) {
  const edges = wanted.map((want) => ({kind: 'wants', cpu: want.cpu, lock: want.address, name: want.lock}));
  const waitedFor = new Set(wanted.map((want) => want.address));
  const waiting = new Set(wanted.map((want) => want.cpu));
  for (const holder of held) {
    if (waitedFor.has(holder.address) || waiting.has(holder.cpu)) {
      edges.push({kind: 'held', cpu: holder.cpu, lock: holder.address, name: holder.lock, context: holder.context});
    }
  }
  return edges;
}

/** The graph that a deadlock closed, as far as the failure says it. */
export function deadlock(failure) {
  const edges = [{kind: 'wants', cpu: failure.cpu, lock: failure.lock, name: failure.lock, context: failure.context}];
  if (failure.holder_cpu !== null) {
    const context = failure.holder_context;
    edges.push({kind: 'held', cpu: failure.holder_cpu, lock: failure.lock, name: failure.lock, context});
  }
  for (const name of failure.held) {
    if (name !== failure.lock) {
      edges.push({kind: 'held', cpu: failure.cpu, lock: name, name, context: ''});
    }
  }
  if (failure.result === 'abba' && failure.holder_cpu !== null && failure.held.length === 1) {
    const name = failure.held[0];
    edges.push({kind: 'wants', cpu: failure.holder_cpu, lock: name, name});
  }
  return edges;
}

const from = (edge) => (edge.kind === 'wants' ? 'cpu ' + edge.cpu : 'lock ' + edge.lock);
const to = (edge) => (edge.kind === 'wants' ? 'lock ' + edge.lock : 'cpu ' + edge.cpu);

/** Marks the edges that lie on a cycle: those whose end leads to their start. */
function markCycles(edges) {
  const next = Map.groupBy(edges, from);
  for (const edge of edges) {
    const reached = new Set();
    const open = [to(edge)];
    while (open.length > 0) {
      const node = open.pop();
      if (!reached.has(node)) {
        reached.add(node);
        open.push(...(next.get(node) ?? []).map(to));
      }
    }
    edge.cycle = reached.has(from(edge));
  }
}

function sentence(edge) {
  const context = edge.context ? ' in ' + edge.context : '';
  const cycle = edge.cycle ? ' (in the deadlock)' : '';
  return edge.kind === 'wants'
    ? 'CPU ' + edge.cpu + context + ' wants ' + edge.name + cycle
    : edge.name + ' is held by CPU ' + edge.cpu + context + cycle;
}

/** A graph with its title and its text. */
export class WaitGraph {
  #title = el('h3');
  #drawing = el('div', {class: 'drawing'});
  #list = el('ul');
  #drawn = '';

  constructor(place) {
    place.append(this.#title, this.#drawing, this.#list);
  }

  /** Draws edges under a title. */
  update(title, allEdges) {
    setText(this.#title, title);
    const edges = allEdges.slice(0, MOST_NODES);
    const text = JSON.stringify(edges);
    if (text === this.#drawn) {
      return;
    }
    this.#drawn = text;
    markCycles(edges);
    this.#drawing.replaceChildren(...(edges.length > 0 ? [draw(edges)] : []));
    keep(this.#list, edges.map(sentence), (line) => line, (line) => el('li', {}, line), () => {});
  }
}

function draw(edges) {
  const cpus = [...new Set(edges.map((edge) => edge.cpu))].sort((a, b) => a - b);
  const locks = [...new Set(edges.map((edge) => edge.lock))];
  const height = Math.max(cpus.length, locks.length) * ROW;
  const y = (list, item) => (list.indexOf(item) + 0.5) * (height / list.length);
  const picture = svg(
    'svg',
    {viewBox: `0 0 ${WIDTH} ${height}`, role: 'img', 'aria-label': 'Graph of what the list below says'},
    svg('defs', {}, marker('arrow'), marker('arrow-cycle')),
  );
  for (const edge of edges) {
    picture.append(arrow(edge, y(cpus, edge.cpu), y(locks, edge.lock)));
  }
  const onCycle = new Set(edges.filter((edge) => edge.cycle).flatMap((edge) => [from(edge), to(edge)]));
  for (const cpu of cpus) {
    picture.append(node('CPU ' + cpu, X.cpu, y(cpus, cpu), 'cpu', onCycle.has('cpu ' + cpu)));
  }
  for (const lock of locks) {
    const name = edges.find((edge) => edge.lock === lock).name;
    picture.append(node(name, X.lock, y(locks, lock), 'lock', onCycle.has('lock ' + lock)));
  }
  return picture;
}

function marker(id) {
  const shape = svg('path', {d: 'M0 0 8 4 0 8z', class: id});
  return svg('marker', {id, viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: 'auto', markerUnits: 'userSpaceOnUse'}, shape);
}

function arrow(edge, cpuY, lockY) {
  const left = X.cpu + NODE.width / 2;
  const right = X.lock - NODE.width / 2;
  const bend = edge.kind === 'wants' ? -7 : 7;
  const ends = [[left, cpuY + bend], [right, lockY + bend]];
  const [start, end] = edge.kind === 'wants' ? ends : ends.toReversed();
  const classes = edge.kind + (edge.cycle ? ' cycle' : '');
  const head = `url(#${edge.cycle ? 'arrow-cycle' : 'arrow'})`;
  return svg('path', {d: `M${start} L${end}`, class: classes, 'marker-end': head});
}

function node(text, x, y, kind, cycle) {
  const {width, height} = NODE;
  const corner = kind === 'cpu' ? 4 : height / 2;
  const box = svg('rect', {x: x - width / 2, y: y - height / 2, width, height, rx: corner});
  const short = text.length > 15 ? text.slice(0, 14) + '…' : text;
  const label = svg('text', {x, y: y + 4}, short);
  return svg('g', {class: kind + (cycle ? ' cycle' : '')}, svg('title', {}, text), box, label);
}
