/**
 * Exploration: programs of real objects under the deterministic scheduler, the search over their schedules, the failures and
 * races that each run is searched for, and the shortest schedules that lead there. The scheduler itself is in
 * {@code maps.sched}; reports are values here.
 */
@NullMarked
package dev.spinbpf.vm.explore;

import org.jspecify.annotations.NullMarked;
