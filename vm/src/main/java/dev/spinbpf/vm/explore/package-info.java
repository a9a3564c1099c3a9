/**
 * Exploration: programs of real objects under the deterministic scheduler, the search over their schedules, what is
 * looked for in each run, and the shortest schedules that lead there.
 */
@NullMarked
package dev.spinbpf.vm.explore;

import org.jspecify.annotations.NullMarked;
