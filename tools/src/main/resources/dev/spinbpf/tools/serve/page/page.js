// The page: asks the service each second, and the CPUs four times a second, and says what state both are in.

import {CpuLanes} from './page/cpus.js';
import {el, keep, seconds, setText} from './page/dom.js';
import {FailureList} from './page/failures.js';
import {deadlock, present, WaitGraph} from './page/graph.js';
import {LockTable} from './page/locks.js';
import {ProgramTable} from './page/programs.js';
import {ask, hasToken, Refused, setToken} from './page/service.js';

const TURN_MILLIS = 250;
const TURNS_A_ROUND = 4;
const MOST_WAIT_SECONDS = 16;

const byId = (id) => document.getElementById(id);
const state = byId('state');
const pause = byId('pause');
const tokenForm = byId('token');
const lockTable = new LockTable(byId('locks'));
const failureList = new FailureList(byId('failures'));
const cpuLanes = new CpuLanes(byId('cpus'));
const programTable = new ProgramTable(byId('programs'));
const graphNow = new WaitGraph(document.querySelector('[data-which="now"]'));
const graphLast = new WaitGraph(document.querySelector('[data-which="last"]'));
const calm = matchMedia('(prefers-reduced-motion: reduce)');

let paused = false;
let busy = false;
let turn = 0;
let tries = 0;
let timer = 0;
let lastDeadlock = null;

function say(kind, text) {
  state.dataset.kind = kind;
  setText(state, text);
}

function sayWorkload(workload, programs) {
  const failed = workload.stuck_cpus.length > 0 ? ': ' + workload.stuck_cpus.join('; ') : '.';
  const broken = workload.promises.filter(promise => promise.outcome === 'broken').map(promise => ' Broken promise: ' + promise.promise + ' (' + promise.values + ').').join('');
  const faults = workload.faults.length > 0 ? ' Faults: ' + workload.faults.length + ', the first: ' + workload.faults[0] : '';
  if (workload.state === 'running') {
    say('ok', 'The workload runs.' + faults);
  } else if (workload.state === 'failed') {
    say('bad', 'The workload failed' + failed + broken + faults);
  } else if (workload.state === 'stopped') {
    say('wait', 'The workload has stopped after ' + seconds(workload.elapsed_ms) + '; these are its last numbers.' + faults);
  } else if (programs.length === 0) {
    say('wait', 'There is no workload: start the service with --workload FILE, or upload an object to /api/v1/objects.');
  } else {
    say('wait', 'The workload has not begun.');
  }
}

function drawFacts(workload) {
  const facts = [
    ['Workload', workload.state],
    ['Time', seconds(workload.elapsed_ms) + (workload.duration_ms < 0 ? '' : ' of ' + seconds(workload.duration_ms))],
    ['CPUs', workload.cpus + ' on ' + workload.processors],
    ['Lock', workload.lock],
    ['Seed', String(workload.seed)],
  ];
  const make = ([name]) => el('div', {}, el('dt', {}, name), el('dd'));
  keep(byId('workload'), facts, ([name]) => name, make, (element, [, value]) => setText(element.lastElementChild, value));
}

/** Of an ABBA failure whose holder had gone on by then, the other half is not known. */
function isDeadlock({result, holder_cpu: holder}) {
  return result === 'aa' || (result === 'abba' && holder !== null);
}

function drawGraphs(locks, failures) {
  const edges = present(locks);
  graphNow.update(edges.length === 0 ? 'Now: no CPU waits' : 'Now', edges);
  if (lastDeadlock !== null && lastDeadlock.number > failures.count) {
    lastDeadlock = null;
  }
  lastDeadlock = failures.failures.find(isDeadlock) ?? lastDeadlock;
  if (lastDeadlock === null) {
    graphLast.update('No deadlock so far', []);
  } else {
    const at = new Date(lastDeadlock.at).toLocaleTimeString([], {hour12: false});
    graphLast.update('Last deadlock, ' + at, deadlock(lastDeadlock));
  }
}

async function wholeRound() {
  const paths = ['workload', 'locks', 'failures?limit=100', 'programs', 'cpus'];
  const [workload, locks, failures, programs, cpus] = await Promise.all(paths.map(ask));
  if (paused) {
    return;
  }
  const now = performance.now();
  lockTable.update(locks, now);
  drawGraphs(locks, failures);
  failureList.update(failures);
  programTable.update(programs, now);
  cpuLanes.update(cpus);
  drawFacts(workload);
  sayWorkload(workload, programs.programs);
}

async function takeTurn() {
  if (busy) {
    return;
  }
  busy = true;
  const isWhole = turn % TURNS_A_ROUND === 0;
  const began = performance.now();
  try {
    if (isWhole) {
      await wholeRound();
    } else if (!calm.matches) {
      cpuLanes.update(await ask('cpus'));
    }
    turn++;
    tries = 0;
    document.body.classList.remove('stale');
    document.body.classList.add('ready');
    schedule(Math.max(0, TURN_MILLIS - (performance.now() - began)));
  } catch (problem) {
    turn = 0;
    fail(problem);
  } finally {
    busy = false;
  }
}

function fail(problem) {
  if (!(problem instanceof Refused)) {
    say('bad', 'The page has a fault and does not go on; reload it.');
    throw problem;
  }
  document.body.classList.add('stale');
  if (problem.status === 401) {
    askForToken();
    return;
  }
  const wait = Math.min(MOST_WAIT_SECONDS, 2 ** tries);
  tries++;
  say('bad', problem.message + '. Trying again every ' + (wait === 1 ? 'second.' : wait + ' seconds.'));
  schedule(wait * 1000);
}

function askForToken() {
  say('wait', hasToken() ? 'The service does not know this token.' : 'The service asks for a token.');
  setToken(null);
  tokenForm.hidden = false;
  byId('token-value').focus();
}

function schedule(millis) {
  clearTimeout(timer);
  if (!paused && !document.hidden) {
    timer = setTimeout(takeTurn, millis);
  }
}

tokenForm.addEventListener('submit', (event) => {
  event.preventDefault();
  setToken(byId('token-value').value.trim());
  byId('token-value').value = '';
  tokenForm.hidden = true;
  pause.focus();
  schedule(0);
});

pause.addEventListener('click', () => {
  paused = !paused;
  pause.setAttribute('aria-pressed', String(paused));
  if (paused) {
    clearTimeout(timer);
    say('wait', 'Paused: the page does not change.');
  } else {
    turn = 0;
    schedule(0);
  }
});

document.addEventListener('visibilitychange', () => {
  turn = 0;
  schedule(0);
});

takeTurn();
