package dev.spinbpf.vm.order;

import dev.spinbpf.verifier.refusal.Explanation;
import dev.spinbpf.verifier.refusal.Location;
import java.util.List;

/**
 * The way by which a program comes to take a lock.
 *
 * @param by the program
 * @param at the call that takes the lock
 * @param call the function that is called, in a few words: {@code bpf_map_update_elem()}
 * @param path the last steps of the way to the call
 * @param more how many steps were left out before them
 */
public record LockWay(LockTaker by, Location at, String call, List<Explanation.Step> path, int more) {}
